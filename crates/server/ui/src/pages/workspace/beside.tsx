/**
 * The charts beside the table.
 *
 * Invariants: nothing is drawn that was not selected or pinned; on a narrow screen the charts stand below the table.
 */
import type { ComponentChildren, ComponentType, JSX } from "preact";
import { useEffect, useMemo, useState } from "preact/hooks";

import { post } from "../../api/client";
import { asApiError, useResource } from "../../api/resource";
import type { RunRef } from "../../charts/types";
import { clausesOf, joined } from "../../filter/clauses";
import { Boundary, Button, Failure, grouped, Skeleton, Split } from "../../parts";
import { failed } from "../../state/undo";
import type { Table } from "./table-state";
import * as view from "./view";
import type { ColumnsForm, RowsPage } from "./wire";

/** Curves that can still be told apart. */
const RUNS_MAX = 50;

type Grid = ComponentType<{ runs: readonly RunRef[]; metrics: readonly string[]; scope: string; onFilter: (clauses: readonly string[]) => void }>;

export function Beside(props: {
  table: Table;
  names: ColumnsForm | undefined;
  experiment: string;
  goal: string | null;
  children: ComponentChildren;
}): JSX.Element {
  const isNarrow = useNarrow();
  const charts = <Charts {...props} />;
  const main = <div class="workspace-main">{props.children}</div>;
  if (view.beside.signal.value === "none") return main;
  if (isNarrow) {
    return (
      <>
        {main}
        {charts}
      </>
    );
  }
  return (
    <Split name="charts" at="end" width={480} side={charts}>
      {main}
    </Split>
  );
}

function useNarrow(): boolean {
  const query = useMemo(() => matchMedia("(max-width: 900px)"), []);
  const [isNarrow, set] = useState(query.matches);
  useEffect(() => {
    const follow = (): void => set(query.matches);
    query.addEventListener("change", follow);
    return () => query.removeEventListener("change", follow);
  }, [query]);
  return isNarrow;
}

function Charts(props: { table: Table; names: ColumnsForm | undefined; experiment: string; goal: string | null }): JSX.Element {
  const { table, names, experiment } = props;
  const drawn = table.drawn.value;
  const ids = useMemo(() => drawn.slice(0, RUNS_MAX), [drawn]);
  const runs = useResource(`chart runs ${ids.join()}`, (signal) => refs(ids, signal));
  const Grid = useGrid(ids.length > 0);
  const metrics = useMemo(() => metricsOf(names, props.goal), [names, props.goal]);
  if (ids.length === 0) return <NothingSelected table={table} />;
  const refsNow = runs.value.value;
  return (
    <aside class="workspace-charts" aria-label="Charts of the selected runs">
      {table.selected.value.size > RUNS_MAX && (
        <p class="small soft">The first {RUNS_MAX} of {grouped(table.selected.value.size)} selected runs are drawn.</p>
      )}
      {runs.error.value !== undefined && <Failure error={runs.error.value} onRetry={runs.reload} />}
      <Boundary>
        {Grid === null || refsNow === undefined ? <Skeleton lines={6} /> : <Grid runs={refsNow} metrics={metrics} scope={`experiment ${experiment}`} onFilter={narrow} />}
      </Boundary>
    </aside>
  );
}

/** Adds clauses to the filter of the table. */
function narrow(clauses: readonly string[]): void {
  const known = clausesOf(view.filter.signal.peek()).map(({ text }) => text);
  view.filter.set(joined([...known, ...clauses.filter((clause) => !known.includes(clause))]));
}

/** The charts are loaded when something is to be drawn first. */
function useGrid(isWanted: boolean): Grid | null {
  const [found, setFound] = useState<{ Grid: Grid } | null>(null);
  useEffect(() => {
    if (!isWanted || found !== null) return;
    import("../../charts/run-charts").then(
      (charts) => setFound({ Grid: charts.RunCharts }),
      (error: unknown) => failed("The charts cannot be loaded", asApiError(error)),
    );
  }, [isWanted, found]);
  return found?.Grid ?? null;
}

function NothingSelected(props: { table: Table }): JSX.Element {
  return (
    <aside class="workspace-charts workspace-nothing" aria-label="Charts of the selected runs">
      <h2>Select runs to draw them</h2>
      <p class="soft">
        A click on a box, or <kbd class="keycap">x</kbd> on a run, <kbd class="keycap">Shift</kbd> <kbd class="keycap">x</kbd> up to it.
      </p>
      <Button onClick={() => props.table.toggleSeen()}>Select the runs in sight</Button>
    </aside>
  );
}

function metricsOf(names: ColumnsForm | undefined, goal: string | null): string[] {
  const all = (names?.metrics ?? []).map(({ column, runs }) => ({ column, runs }));
  all.sort((a, b) => Number(b.column === goal) - Number(a.column === goal) || b.runs - a.runs || a.column.localeCompare(b.column));
  return all.map(({ column }) => column);
}

async function refs(ids: readonly string[], signal: AbortSignal): Promise<RunRef[]> {
  if (ids.length === 0) return [];
  const filter = [`id in (${ids.map((id) => `'${id}'`).join(", ")})`];
  const body = { filter, fields: ["id", "name", "short", "experiment"], limit: ids.length, deleted: "with" };
  const { items } = await post<RowsPage>("/runs/search", body, { signal });
  const byId = new Map(items.map((run) => [run.id, run]));
  return ids.flatMap((id) => byId.get(id) ?? []);
}
