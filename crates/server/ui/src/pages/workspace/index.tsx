/**
 * The workspace of an experiment: its runs as a table, the charts of those that are selected, one selection for both.
 *
 * Invariants: rows are asked for at once and not after what else is shown; what fails in one part leaves the others.
 */
import { effect } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect, useMemo, useRef, useState } from "preact/hooks";

import type { PageProps } from "../../app";
import { get } from "../../api/client";
import { useResource } from "../../api/resource";
import type { Experiment } from "../../api/types";
import { Failure, grouped, Name, StateBadge } from "../../parts";
import type { RunState } from "../../api/types";
import { pinnedAt } from "../../state/url";
import { NoMatch } from "../../filter/no-match";
import { ask, meantNow, take, type Made } from "./begin";
import { Beside } from "./beside";
import { changes } from "./changes";
import { ColumnPicker } from "./column-picker";
import { usualColumns } from "./columns";
import { BulkDialog, ChangeDialog, RenameDialog, type Wish } from "./dialogs";
import type { Shown } from "./forms";
import { Groups, type Goal } from "./groups";
import { useNews, type News } from "./live";
import { NoRuns } from "./no-runs";
import type { Rows } from "./rows";
import { RunTable } from "./run-table";
import type { Table } from "./table-state";
import { Tools } from "./tools";
import * as view from "./view";
import { Views } from "./views";
import { questionOf, type ColumnsForm, type Meant } from "./wire";
import { useWorkspaceActions } from "./workspace-actions";
import "./workspace.css";

export { begin } from "./begin";

type Asked = Wish | "columns" | "views" | null;

export default function Workspace(props: PageProps): JSX.Element {
  const { id } = props;
  const experiment = useResource(`experiment ${id}`, (abort) =>
    get<Experiment>(`/experiments/${encodeURIComponent(id)}`, {}, { signal: abort }),
  );
  const made = useMemo(() => take(id), [id]);
  const names = useResource(`columns ${id}`, async (abort) => {
    // To find all names is more work for the server than the first rows, which would wait for it.
    if (view.group.signal.peek().length === 0) await answered(made.rows);
    return get<ColumnsForm>("/columns", { experiment: id }, { signal: abort });
  });
  const goal = experiment.value.value?.goal ?? null;
  useEffect(() => {
    if (names.value.value !== undefined) made.usual.value = usualColumns(names.value.value, goal?.metric ?? null);
  }, [names.value.value, goal?.metric, made]);
  const filter = view.filter.signal.value;
  const news = useNews(experiment.value.value?.name, made.rows, made.table, filter);
  const meant = meantNow(id);
  useAsked(made, meant, news);
  useChanged(made.rows);
  const [asked, setAsked] = useState<Asked>(null);
  const shown = (): Shown => shownOf(experiment.value.value?.name ?? id, meant, made.table);
  useWorkspaceActions({ table: made.table, shown, ask: setAsked, show: news.show });
  if (experiment.error.value?.status === 404) {
    return (
      <div class="page">
        <Failure error={experiment.error.value} onRetry={experiment.reload} />
      </div>
    );
  }
  return (
    <div class="page workspace">
      <Head experiment={experiment.value.value} id={id} />
      {experiment.error.value !== undefined && <Failure error={experiment.error.value} onRetry={experiment.reload} />}
      {names.error.value !== undefined && <Failure error={names.error.value} onRetry={names.reload} />}
      <Tools table={made.table} names={names.value.value} meant={meant} shown={shown} ask={setAsked} />
      <Beside table={made.table} names={names.value.value} experiment={id} goal={goal?.metric ?? null}>
        <Body rows={made.rows} table={made.table} meant={meant} news={news} goal={goal} name={experiment.value.value?.name ?? id} />
      </Beside>
      <Dialogs asked={asked} table={made.table} names={names.value.value} meant={meant} onClose={() => setAsked(null)} />
    </div>
  );
}

/** Once the first rows are there, or it is known that none will come. */
function answered(rows: Rows): Promise<void> {
  return new Promise((resolve) => {
    const dispose = effect(() => {
      if (rows.total.value === null && rows.error.value === null) return;
      resolve();
      queueMicrotask(() => dispose());
    });
  });
}

function Head(props: { experiment: Experiment | undefined; id: string }): JSX.Element {
  const { experiment } = props;
  return (
    <header class="page-head">
      <h1>
        <Name text={experiment?.name ?? "Experiment"} />
      </h1>
      {experiment !== undefined && Object.entries(experiment.runs_by_state ?? {}).map(([state, count]) => (
        <span key={state} class="workspace-count">
          <StateBadge state={state as RunState} /> {grouped(count as number)}
        </span>
      ))}
    </header>
  );
}

/** Turns the rows to what is asked, at once. */
function useAsked(made: Made, meant: Meant, news: News): void {
  const key = JSON.stringify([meant, view.sort.signal.value, pinnedAt.value]);
  // Not in an effect: rows are asked for while the page is drawn, or were before it.
  useMemo(() => ask(made, meant, () => news.until.peek()), [made, key]);
}

/** Asks anew when something was done here. */
function useChanged(rows: Rows): void {
  const count = changes.value;
  const seen = useRef(count);
  useEffect(() => {
    if (seen.current === count) return;
    seen.current = count;
    rows.reload();
  }, [rows, count]);
}

function Body(props: {
  rows: Rows;
  table: Table;
  meant: Meant;
  news: News;
  goal: Goal | null;
  name: string;
}): JSX.Element {
  const { rows, table, meant, news } = props;
  const by = view.group.signal.value;
  const error = rows.error.value;
  const isWrong = error?.place != null;
  if (error !== null && !isWrong) return <Failure error={error} onRetry={() => rows.reload()} />;
  if (by.length > 0) return <Groups meant={meant} by={by} columns={table.columns.value} goal={props.goal} />;
  const isNone = rows.total.value === 0 && !isWrong && !rows.isLoading.value;
  if (isNone && meant.filter.trim() !== "") {
    return <NoMatch filter={meant.filter} experiment={meant.experiment} onChange={(next) => view.filter.set(next)} />;
  }
  return (
    <>
      <Bar news={news} />
      {isNone ? <NoRuns experiment={props.name} hidden={meant.hidden.length} /> : (
        <RunTable rows={rows} table={table} fixed={view.fixed.signal.value} label={`Runs of ${props.name.slice(0, 200)}`} />
      )}
    </>
  );
}

/** What waits to be shown, so that nothing moves under the pointer. */
function Bar(props: { news: News }): JSX.Element | null {
  const { added, isUnsorted, show } = props.news;
  if (added.value === 0 && !isUnsorted.value) return null;
  const text = added.value > 0 ? `${grouped(added.value)} new run${added.value === 1 ? "" : "s"}` : "The order has changed";
  return (
    <div class="runs-bar" role="status">
      <button type="button" class="button button-quiet" onClick={show}>
        {text} · {added.value > 0 ? "Show" : "Sort again"}
      </button>
    </div>
  );
}

function Dialogs(props: {
  asked: Asked;
  table: Table;
  names: ColumnsForm | undefined;
  meant: Meant;
  onClose: () => void;
}): JSX.Element | null {
  const { asked, table, onClose } = props;
  const current = table.current();
  if (asked === "columns") return <ColumnPicker table={table} names={props.names} experiment={props.meant.experiment} onClose={onClose} />;
  if (asked === "views") return <Views onClose={onClose} />;
  if (asked === "tags" || asked === "note") return <ChangeDialog wish={asked} runs={table.meant()} onClose={onClose} />;
  if (asked === "rename" && current !== undefined) return <RenameDialog id={current.id} name={current.name} onClose={onClose} />;
  if (asked === "bulk") return <BulkDialog about={questionOf({ ...props.meant, until: null, deleted: false })} onClose={onClose} />;
  return null;
}

function shownOf(name: string, meant: Meant, table: Table): Shown {
  return {
    experiment: name,
    filter: questionOf({ ...meant, until: null }).filter,
    sort: view.sort.signal.peek(),
    columns: table.columns.peek(),
    group: view.group.signal.peek(),
    at: pinnedAt.peek(),
  };
}
