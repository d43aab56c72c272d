/**
 * Everything that can be done to the runs of a workspace, for the keys and the palette.
 *
 * Invariant: an action is about the selected runs or, when none are, about the one that keys act on.
 */
import { failed } from "../../state/undo";
import { useActions, type Action } from "../../state/actions";
import { change, go, href, list } from "../../state/url";
import { apply, commandOf, renameCommand } from "./changes";
import type { Wish } from "./dialogs";
import { command, filterOfRuns, shellText, type Shown } from "./forms";
import type { Table } from "./table-state";
import * as view from "./view";

export interface Doing {
  readonly table: Table;
  readonly shown: () => Shown;
  readonly ask: (wish: Wish | "columns" | "views") => void;
  readonly show: () => void;
}

export function useWorkspaceActions(doing: Doing): void {
  useActions([...moving(doing), ...choosing(doing), ...changing(doing), ...looking(doing)]);
}

/** The command that shows these runs, or the whole table where none are meant. */
function listing({ shown }: Doing, ids: readonly string[]): string {
  const all = shown();
  return command(ids.length === 0 ? all : { ...all, filter: [filterOfRuns(ids)] }, location.origin);
}

function moving(doing: Doing): Action[] {
  const { table } = doing;
  const meant = (): string => listing(doing, table.meant());
  const at = (place: number) => `mltrack run show ${table.rows.at(place)?.id ?? "RUN"}`;
  return [
    { id: "runs.next", title: "Next run", keys: "j", cli: () => at(table.active.peek() + 1), run: () => table.moveBy(1) },
    { id: "runs.previous", title: "Previous run", keys: "k", cli: () => at(Math.max(0, table.active.peek() - 1)), run: () => table.moveBy(-1) },
    { id: "runs.open", title: "Open the run", keys: "Enter", cli: () => `mltrack run show ${table.current()?.id ?? "RUN"}`, run: () => table.open() },
    { id: "runs.select", title: "Select the run", keys: "x", cli: meant, run: () => table.toggleCurrent() },
    { id: "runs.range", title: "Select up to the run", keys: "Shift+x", cli: meant, run: () => table.selectRange() },
    { id: "runs.none", title: "Select nothing", keys: "Escape", cli: () => listing(doing, []), when: () => table.selected.value.size > 0, run: () => change({ runs: null }, { replace: true }) },
  ];
}

function choosing(doing: Doing): Action[] {
  const { table, shown } = doing;
  const hide = (): void => {
    const ids = table.meant();
    view.hidden.set([...new Set([...view.hidden.signal.peek(), ...ids])]);
    change({ runs: null }, { replace: true });
  };
  const withBaseline = (): string[] => {
    const baseline = view.baseline.signal.peek();
    return [...new Set([...(baseline === "" ? [] : [baseline]), ...table.meant()])];
  };
  // The filter of the table by itself.
  const unhidden = (): string => {
    const filter = view.filter.signal.peek();
    return command({ ...shown(), filter: filter.trim() === "" ? [] : [filter] }, location.origin);
  };
  // Side by side, with the columns in which they differ.
  const compared = (ids: readonly string[]): string => `${command({ ...shown(), group: [], filter: [filterOfRuns(ids)] }, location.origin)} --only-changed`;
  return [
    {
      id: "runs.compare", title: "Compare the selected runs", keys: "c",
      cli: () => compared(withBaseline()),
      when: () => table.meant().length > 0,
      run: () => {
        const baseline = view.baseline.signal.peek();
        go(href("/compare", { runs: list.write(withBaseline()), baseline: baseline === "" ? null : baseline }));
      },
    },
    {
      id: "runs.baseline", title: "Pin the run as baseline", keys: "p",
      cli: () => compared([...new Set([table.current()?.id ?? "RUN", ...table.selected.peek()])]),
      run: () => {
        const id = table.current()?.id ?? "";
        view.baseline.set(view.baseline.signal.peek() === id ? "" : id);
      },
    },
    {
      id: "runs.hide", title: "Hide the runs", keys: "h",
      cli: () => command({ ...shown(), filter: [...shown().filter, `not ${filterOfRuns(table.meant())}`] }, location.origin),
      when: () => table.meant().length > 0,
      run: hide,
    },
    { id: "runs.unhide", title: "Show hidden runs", cli: unhidden, when: () => view.hidden.signal.value.length > 0, run: () => view.hidden.set([]) },
  ];
}

function changing({ table, ask, shown }: Doing): Action[] {
  const has = (): boolean => table.meant().length > 0;
  const set = (deleted: boolean) => (): void => {
    apply({ runs: table.meant() }, { deleted }).catch((error: unknown) => failed("The runs were not changed", error));
  };
  const cli = (change: Parameters<typeof commandOf>[1]) => () => commandOf({ runs: table.meant() }, change, location.origin);
  return [
    { id: "runs.tag", changes: true, title: "Tag the runs", keys: "e", cli: cli({ tags: { KEY: "VALUE" } }), when: has, run: () => ask("tags") },
    { id: "runs.note", changes: true, title: "Add a note to the runs", keys: "n", cli: cli({ note: "TEXT" }), when: has, run: () => ask("note") },
    { id: "runs.rename", changes: true, title: "Rename the run", keys: "r", cli: () => renameCommand(table.current()?.id ?? "RUN", location.origin), when: () => table.current() !== undefined, run: () => ask("rename") },
    { id: "runs.delete", changes: true, title: "Delete the runs", keys: "Delete", cli: cli({ deleted: true }), when: has, run: set(true) },
    { id: "runs.restore", changes: true, title: "Restore the runs", cli: cli({ deleted: false }), when: () => has() && view.withDeleted.signal.value === "with", run: set(false) },
    {
      id: "runs.bulk", changes: true, title: "Change all runs of the filter",
      cli: () => commandOf({ experiment: shown().experiment, filter: shown().filter }, { tags: { KEY: "VALUE" } }, location.origin),
      run: () => ask("bulk"),
    },
  ];
}

function looking({ shown, ask, show, table }: Doing): Action[] {
  return [
    { id: "runs.filter", title: "Filter the runs", keys: "/", cli: () => command(shown(), location.origin), run: () => document.querySelector<HTMLElement>(".filter-box")?.focus() },
    { id: "runs.columns", title: "Choose columns", keys: "v", cli: () => command(shown(), location.origin), run: () => ask("columns") },
    { id: "runs.views", title: "Saved views", cli: () => `curl ${shellText(`${location.origin}/api/v1/views`)}`, run: () => ask("views") },
    { id: "runs.deleted", title: "Show deleted runs too, or not", cli: () => `mltrack op log ${shellText(shown().experiment)}`, run: () => view.withDeleted.set(view.withDeleted.signal.peek() === "with" ? "" : "with") },
    { id: "runs.show-new", title: "Show new runs", keys: ".", cli: () => `${command(shown(), location.origin)} --watch`, run: show },
    { id: "runs.table", title: "Go to the table", keys: "g t", cli: () => command(shown(), location.origin), run: () => document.querySelector<HTMLElement>(".runs")?.focus() },
    { id: "runs.first", title: "First run", cli: () => `mltrack run show ${table.rows.at(0)?.id ?? "RUN"}`, run: () => table.moveTo(0) },
  ];
}
