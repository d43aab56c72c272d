/**
 * The values of runs: metrics, parameters and tags; differences first, equal rows folded, numbers against the baseline.
 *
 * Invariant: a row is in its section once; what is copied are the rows that are shown, with all their digits.
 */
import type { JSX } from "preact";
import { useMemo, useState } from "preact/hooks";

import type { Comparison } from "../../api/types";
import { Button, CopyMenu, Select, Switch, TextField } from "../../parts";
import { flag, param, text } from "../../state/url";
import { csvOf, latexOf, literal, markdownOf, shellWord, type Grid } from "./export";
import { gridOf, RowsTable, type Section } from "./rows-table";
import type { Compared } from "./load";
import type { ViewProps } from "./page";
import { valueOf, type CompareRow, type Direction, type Value } from "./rows";

const statistic = param("value", text, "last");
const find = param("find", text, "");
const isOpen = param("equal", flag, false);

const STATISTICS = [
  ["last", "last values"],
  ["min", "lowest values"],
  ["max", "highest values"],
  ["best", "best by the goal, else last"],
] as const;

type Metric = Comparison["metrics"][number];

function valuesOf(metric: Metric, which: string, direction: Direction): readonly Value[] {
  const lists: Readonly<Record<string, readonly unknown[]>> = { last: metric.last, min: metric.min, max: metric.max, best: direction === null ? metric.last : metric[direction] };
  return (lists[which] ?? metric.last).map(valueOf);
}

/** The sections of a comparison. */
export function sectionsOf(compared: Compared, which: string): readonly Section[] {
  const { comparison, goal } = compared;
  const metrics = comparison.metrics.map((metric): CompareRow & { direction: Direction } => {
    const direction = goal?.metric === metric.name ? goal.direction : null;
    const values = valuesOf(metric, which, direction);
    return { name: metric.name, values, differs: values.some((value) => value !== values[0]), direction };
  });
  // The goal is what one looks for first.
  metrics.sort((one, other) => Number(other.direction !== null) - Number(one.direction !== null));
  const plain = (rows: Comparison["params"]): readonly CompareRow[] => rows.map((row) => ({ name: row.name, values: row.values.map(valueOf), differs: row.differs }));
  const ofMachine = metrics.filter((metric) => isOfMachine(metric.name));
  return [
    { title: "Metrics", rows: metrics.filter((metric) => !isOfMachine(metric.name)), isMeasured: true },
    { title: "Parameters", rows: plain(comparison.params), isMeasured: false },
    { title: "Tags", rows: plain(comparison.tags), isMeasured: false },
    ...(ofMachine.length > 0 ? [{ title: "System metrics", rows: ofMachine, isMeasured: true }] : []),
  ];
}

/** Whether a metric is of the machine: nobody compares runs for these first. */
export function isOfMachine(metric: string): boolean {
  return metric.startsWith("system/");
}

export function TableView(props: ViewProps): JSX.Element {
  const { compared, base } = props;
  const which = statistic.signal.value;
  const sections = useMemo(() => sectionsOf(compared, which), [compared, which]);
  const [search, setSearch] = useState(find.signal.value);
  const names = compared.members.map((run) => run.name);
  // Of one run every row is equal, and all of them are what there is to see.
  const isEqualShown = isOpen.signal.value || names.length === 1;
  const grid = (): Grid => gridOf(sections, names, search, isEqualShown);
  const differing = sections.reduce((sum, section) => sum + section.rows.filter((row) => row.differs).length, 0);
  const total = sections.reduce((sum, section) => sum + section.rows.length, 0);
  return (
    <>
      <div class="row">
        <TextField
          label="Find a row"
          isLabelHidden
          type="search"
          placeholder="Find a row"
          value={search}
          onInput={(value) => {
            setSearch(value);
            find.set(value, { replace: true });
          }}
        />
        <Select label="Metrics" isLabelHidden value={which} options={STATISTICS} onChange={(value) => statistic.set(value)} />
        {names.length > 1 && <Switch label="Show equal rows" isOn={isOpen.signal.value} onChange={(isOn) => isOpen.set(isOn)} />}
        {names.length > 1 && (
          <span class="soft small">
            {differing} of {total} rows differ
          </span>
        )}
        <CopyMenu {...copiesOf(compared, grid)} />
      </div>
      <RowsTable
        label="Values of the runs"
        sections={sections}
        members={compared.members}
        base={base}
        search={search}
        isEqualShown={isEqualShown}
        onShowEqual={() => isOpen.set(true)}
      />
      {total === 0 && (
        <p class="soft">
          These runs have neither metrics nor parameters nor tags. <Button onClick={() => history.back()}>Back</Button>
        </p>
      )}
    </>
  );
}

function copiesOf(compared: Compared, grid: () => Grid): Parameters<typeof CopyMenu>[0] {
  const ids = compared.members.map((run) => run.id);
  const experiment = compared.members[0]?.experiment ?? "";
  const columns = grid;
  const metrics = compared.comparison.metrics.map((metric) => metric.name).filter((name) => !isOfMachine(name)).slice(0, 5);
  const params = compared.comparison.params.filter((row) => row.differs).map((row) => `=${row.name}`);
  return {
    label: "Copy the comparison as",
    link: () => location.href,
    markdown: () => markdownOf(columns()),
    latex: () => latexOf(columns()),
    csv: () => csvOf(columns()),
    cli: () => `mltrack runs ${shellWord(experiment)} --cols ${shellWord([...metrics, ...params].join(","))}`,
    python: () => `store = mltrack.open()\nruns = [store.run(id) for id in ${JSON.stringify(ids)}]`,
    rust: () => `let runs: Vec<_> = [${ids.map(literal).join(", ")}]\n    .iter()\n    .map(|id| tracker.run_summary(tracker.find_run(id)?))\n    .collect::<Result<_, _>>()?;`,
  };
}

