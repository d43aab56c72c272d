/**
 * Groups of replicates: runs with the same parameters but for the seed, with what their metrics come to.
 *
 * Invariant: parameters that shall not tell groups apart are chosen in the address and named; a mean stands beside how
 * many runs it is of.
 */
import type { JSX } from "preact";
import { useMemo } from "preact/hooks";

import { CopyMenu, counted, Empty, NumberText, Select, significant, Table, type TableColumn } from "../../parts";
import { list, param, text } from "../../state/url";
import { csvOf, latexOf, markdownOf, type Grid } from "./export";
import { groupsOf, isSeed, summaryOf, type Group, type Summary } from "./groups";
import type { ViewProps } from "./page";
import { sectionsOf } from "./table-view";

const ignored = param<readonly string[]>("without", list, []);
const statistic = param("value", text, "last");

interface Row {
  readonly group: Group;
  readonly summaries: readonly Summary[];
}

export function GroupsView(props: ViewProps): JSX.Element {
  const { compared } = props;
  const which = statistic.signal.value;
  const without = ignored.signal.value;
  const groups = useMemo(() => groupsOf(compared.members, new Set(without)), [compared, without]);
  const metrics = useMemo(() => sectionsOf(compared, which).flatMap((section) => (section.isMeasured ? section.rows : [])), [compared, which]);
  const places = new Map(compared.members.map((run, at) => [run.id, at]));
  const rows = groups.map((group): Row => {
    const summaries = metrics.map((metric) => summaryOf(group.runs.map((id) => metric.values[places.get(id) ?? -1] ?? null)));
    return { group, summaries };
  });
  const differing = compared.comparison.params.filter((row) => row.differs && !isSeed(row.name)).map((row) => row.name);
  if (metrics.length === 0) return <Empty title="These runs have no metrics to sum up" />;
  const grid = (): Grid => ({
    header: ["group", "n", ...metrics.map((metric) => metric.name)],
    rows: rows.map((row) => [row.group.label, String(row.group.runs.length), ...row.summaries.map(summaryText)]),
  });
  return (
    <>
      <div class="row">
        <span>
          {counted(compared.members.length, "run")} in {counted(groups.length, "group")}
        </span>
        <Select
          label="Values"
          isLabelHidden
          value={which}
          options={[
            ["last", "last values"],
            ["min", "lowest values"],
            ["max", "highest values"],
            ["best", "best by the goal, else last"],
          ]}
          onChange={(value) => statistic.set(value)}
        />
        <CopyMenu label="Copy the groups as" markdown={() => markdownOf(grid())} latex={() => latexOf(grid())} csv={() => csvOf(grid())} link={() => location.href} />
      </div>
      {differing.length + without.length > 0 && (
        <fieldset class="compare-apart">
          <legend class="soft small">Parameters that tell groups apart</legend>
          {[...new Set([...differing, ...without])].map((name) => (
            <label key={name} class="switch">
              <input
                type="checkbox"
                checked={!without.includes(name)}
                onChange={(event) => ignored.set(event.currentTarget.checked ? without.filter((other) => other !== name) : [...without, name])}
              />
              <span class="name" dir="auto">
                {name.slice(0, 120)}
              </span>
            </label>
          ))}
        </fieldset>
      )}
      {groups.every((group) => group.runs.length === 1) && <p class="soft">No two runs have equal parameters: take away the mark of those that shall not count.</p>}
      <Table label="Groups of replicates" columns={columnsOf(metrics.map((metric) => metric.name))} rowCount={rows.length} rowAt={(at) => rows[at]} rowKey={(row) => row.group.runs[0] ?? ""} height="60vh" />
    </>
  );
}

function summaryText(summary: Summary): string {
  if (summary.mean === null) return "";
  const deviation = summary.deviation === null ? "" : ` ± ${significant(summary.deviation, 2)}`;
  return `${significant(summary.mean, 5)}${deviation}`;
}

function columnsOf(metrics: readonly string[]): readonly TableColumn<Row>[] {
  return [
    { key: "group", title: "Group", width: 280, grows: true, sticky: true, cell: (row) => <span class="cut" dir="auto" title={row.group.label.slice(0, 2_000)}>{row.group.label.slice(0, 400)}</span> },
    { key: "count", title: "n", width: 64, align: "end", cell: (row) => row.group.runs.length },
    ...metrics.map((name, at): TableColumn<Row> => ({
      key: `metric ${name}`,
      title: <span class="cut" dir="auto">{name.slice(0, 120)}</span>,
      width: 176,
      align: "end",
      cell: (row) => <SummaryCell summary={row.summaries[at]} />,
    })),
  ];
}

function SummaryCell(props: { readonly summary: Summary | undefined }): JSX.Element {
  const { summary } = props;
  if (!summary || summary.mean === null) return <span class="faint">–</span>;
  const title = `mean ${summary.mean} of ${summary.count}, standard deviation ${summary.deviation ?? "not known of one"}${summary.leftOut > 0 ? `; ${summary.leftOut} that are no number left out` : ""}`;
  return (
    <span title={title}>
      <NumberText value={summary.mean} />
      {summary.deviation !== null && <span class="soft"> ± {significant(summary.deviation, 2)}</span>}
      {summary.leftOut > 0 && <span class="faint"> ({summary.leftOut} left out)</span>}
    </span>
  );
}
