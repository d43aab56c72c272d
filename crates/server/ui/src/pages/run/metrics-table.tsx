/**
 * The metrics of a run as numbers: last, lowest, highest, with the steps they were reached at. What copies them stands
 * in the head of their panel.
 *
 * Invariant: values that are no finite number are counted and told, never silently left out.
 */
import type { JSX } from "preact";
import { useState } from "preact/hooks";

import type { MetricFacts, Run } from "../../api/types";
import { Badge, CopyMenu, Name, NumberText, Panel, Table, TextField, type TableColumn } from "../../parts";
import { csvOf, latexOf, literal, markdownOf, shellWord, type Grid } from "../compare/export";

interface Row {
  readonly name: string;
  readonly facts: MetricFacts;
}

const COLUMNS: readonly TableColumn<Row>[] = [
  { key: "name", title: "Metric", width: 200, grows: true, sticky: true, cell: (row) => <Name text={row.name} class="cut" /> },
  { key: "last", title: "Last", width: 110, align: "end", cell: (row) => <NumberText value={row.facts.last.value} /> },
  { key: "min", title: "Min", width: 110, align: "end", cell: (row) => <At point={row.facts.min} /> },
  { key: "max", title: "Max", width: 110, align: "end", cell: (row) => <At point={row.facts.max} /> },
  { key: "mean", title: "Mean", width: 110, align: "end", cell: (row) => <NumberText value={row.facts.mean} /> },
  { key: "step", title: "Last step", width: 96, align: "end", cell: (row) => <NumberText value={row.facts.last.step} digits={15} /> },
  {
    key: "count",
    title: "Points",
    width: 120,
    align: "end",
    cell: (row) => (
      <>
        {row.facts.nan_count > 0 && <Badge tone="warn" title="Values that are no number">{row.facts.nan_count} NaN</Badge>}{" "}
        <NumberText value={row.facts.count} digits={15} />
      </>
    ),
  },
];

function At(props: { readonly point: MetricFacts["min"] }): JSX.Element {
  return (
    <span title={props.point ? `at step ${props.point.step}` : undefined}>
      <NumberText value={props.point?.value} />
    </span>
  );
}

function gridOf(rows: readonly Row[]): Grid {
  const number = (value: unknown): string => (value === null || value === undefined ? "" : String(value));
  return {
    header: ["metric", "last", "min", "min step", "max", "max step", "mean", "points"],
    rows: rows.map(({ name, facts }) => [
      name,
      number(facts.last.value),
      number(facts.min?.value),
      number(facts.min?.step),
      number(facts.max?.value),
      number(facts.max?.step),
      number(facts.mean),
      number(facts.count),
    ]),
  };
}

/** The panel of them. */
export function MetricsPanel(props: { readonly run: Run; readonly names: readonly string[] }): JSX.Element {
  const [search, setSearch] = useState("");
  const { run } = props;
  const words = search.toLowerCase().split(/\s+/);
  const rows = props.names
    .filter((name) => words.every((word) => name.toLowerCase().includes(word)))
    .flatMap((name): Row[] => {
      const facts = run.metrics[name];
      return facts ? [{ name, facts }] : [];
    });
  const copy = (
    <CopyMenu
      label="Copy metrics as"
      markdown={() => markdownOf(gridOf(rows))}
      latex={() => latexOf(gridOf(rows))}
      csv={() => csvOf(gridOf(rows))}
      cli={() => `mltrack metrics ${run.short} ${shellWord(rows[0]?.name ?? "*")} --stats`}
      python={() => `mltrack.open().history(${literal(run.id)}, ${literal(rows[0]?.name ?? "loss")})`}
    />
  );
  return (
    <Panel title="Metrics" actions={copy}>
      <div class="run-metrics">
        {props.names.length > 8 && <TextField label="Find a metric" isLabelHidden type="search" placeholder="Find a metric" value={search} onInput={setSearch} />}
        <Table label="Metrics" columns={COLUMNS} rowCount={rows.length} rowAt={(index) => rows[index]} rowKey={(row) => row.name} height="60vh" />
      </div>
    </Panel>
  );
}
