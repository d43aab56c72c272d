/**
 * Rows of names and columns of runs: differences first, and one line for all that are equal.
 *
 * Invariant: the best value and a better or worse one are told by signs and words, not by colour alone.
 */
import type { JSX } from "preact";
import { useMemo } from "preact/hooks";

import { Name, significant, StateShape, Table, type TableColumn } from "../../parts";
import { href } from "../../state/url";
import type { Grid } from "./export";
import type { Member } from "./load";
import { bestOf, changeOf, parted, type CompareRow, type Direction, type Value } from "./rows";

export interface Section {
  readonly title: string;
  readonly rows: readonly (CompareRow & { readonly direction?: Direction })[];
  /** Whether its values are measured, so that a difference is a number and not just another value. */
  readonly isMeasured: boolean;
}

type Shown =
  | { readonly kind: "title"; readonly title: string; readonly count: number }
  | { readonly kind: "row"; readonly row: CompareRow; readonly direction: Direction; readonly isMeasured: boolean; readonly best: ReadonlySet<number> }
  | { readonly kind: "fold"; readonly title: string; readonly count: number };

export function shownOf(sections: readonly Section[], search: string, isEqualShown: boolean): readonly Shown[] {
  return sections.flatMap((section): Shown[] => {
    const directions = new Map(section.rows.map((row) => [row.name, row.direction ?? null]));
    const { differing, equal } = parted(section.rows, search);
    if (differing.length + equal.length === 0) return [];
    const shown = (row: CompareRow): Shown => {
      const direction = directions.get(row.name) ?? null;
      return { kind: "row", row, direction, isMeasured: section.isMeasured, best: bestOf(row.values, direction) };
    };
    const rows: Shown[] = [{ kind: "title", title: section.title, count: differing.length + equal.length }, ...differing.map(shown)];
    if (isEqualShown) rows.push(...equal.map(shown));
    else if (equal.length > 0) rows.push({ kind: "fold", title: section.title, count: equal.length });
    return rows;
  });
}

/** The rows that are shown, to be copied. */
export function gridOf(sections: readonly Section[], names: readonly string[], search: string, isEqualShown: boolean): Grid {
  const rows = shownOf(sections, search, isEqualShown).flatMap((shown) => (shown.kind === "row" ? [[shown.row.name, ...shown.row.values.map((value) => (value === null ? "" : String(value)))]] : []));
  return { header: ["", ...names], rows };
}

const PERCENT = new Intl.NumberFormat("en", { style: "percent", maximumSignificantDigits: 2, signDisplay: "always" });

export function ValueCell(props: { readonly value: Value; readonly baseline: Value; readonly isBaseline: boolean; readonly row: Extract<Shown, { kind: "row" }>; readonly at: number }): JSX.Element {
  const { value, baseline, isBaseline, row } = props;
  if (value === null) return <span class="faint">–</span>;
  const text = typeof value === "number" ? significant(value, 6) : String(value);
  const change = row.isMeasured && !isBaseline ? changeOf(value, baseline, row.direction) : null;
  const isBest = row.best.has(props.at);
  const differs = !isBaseline && baseline !== null && value !== baseline;
  return (
    <span class={`compare-value${differs ? " compare-differs" : ""}`} title={String(value).slice(0, 2_000)}>
      {isBest && (
        <span class="compare-best" title="the best of them">
          ★<span class="unseen"> best</span>
        </span>
      )}
      <span class="cut" dir="auto">
        {text.slice(0, 300)}
      </span>
      {change && change.verdict !== "same" && (
        <span class={`compare-change compare-${change.verdict}`} title={`${change.absolute > 0 ? "+" : ""}${change.absolute} against the baseline${change.verdict === "unjudged" ? "" : `: ${change.verdict}`}`}>
          {change.absolute > 0 ? "▲" : "▼"}
          {change.relative === null ? "" : PERCENT.format(change.relative)}
          {change.verdict !== "unjudged" && <span class="unseen"> {change.verdict}</span>}
        </span>
      )}
    </span>
  );
}

interface TableProps {
  readonly label: string;
  readonly sections: readonly Section[];
  readonly members: readonly Pick<Member, "id" | "name" | "state">[];
  readonly base: number;
  readonly search: string;
  readonly isEqualShown: boolean;
  readonly onShowEqual: () => void;
}

export function RowsTable(props: TableProps): JSX.Element {
  const { members, base } = props;
  const rows = useMemo(() => shownOf(props.sections, props.search, props.isEqualShown), [props.sections, props.search, props.isEqualShown]);
  const columns: readonly TableColumn<Shown>[] = [
    { key: "name", title: <span class="unseen">Name</span>, width: 220, sticky: true, cell: (shown) => <NameCell shown={shown} onShowEqual={props.onShowEqual} /> },
    ...members.map((run, at): TableColumn<Shown> => ({
      key: run.id,
      title: (
        <span class="compare-head">
          <StateShape state={run.state} />
          <a href={href(`/runs/${encodeURIComponent(run.id)}`)} class="compare-head-name">
            <Name text={run.name} class="cut" />
          </a>
          {at === base && members.length > 1 && <span class="compare-base">baseline</span>}
        </span>
      ),
      width: 184,
      grows: members.length < 6,
      cell: (shown) =>
        shown.kind === "row" ? <ValueCell value={shown.row.values[at] ?? null} baseline={shown.row.values[base] ?? null} isBaseline={at === base} row={shown} at={at} /> : "",
    })),
  ];
  return (
    <Table
      label={props.label}
      columns={columns}
      rowCount={rows.length}
      rowAt={(at) => rows[at]}
      rowKey={(shown, at) => (shown.kind === "row" ? shown.row.name : `${shown.kind} ${at}`)}
      height="calc(100vh - 300px)"
    />
  );
}

function NameCell(props: { readonly shown: Shown; readonly onShowEqual: () => void }): JSX.Element {
  const { shown } = props;
  if (shown.kind === "title") return <strong>{shown.title}</strong>;
  if (shown.kind === "fold") {
    return (
      <button type="button" class="run-more" onClick={props.onShowEqual}>
        {shown.count} equal {shown.count === 1 ? "row" : "rows"}
      </button>
    );
  }
  return (
    <span class="compare-name">
      <Name text={shown.row.name} class="cut" />
      {shown.direction !== null && <span class="compare-goal">goal: {shown.direction}</span>}
    </span>
  );
}
