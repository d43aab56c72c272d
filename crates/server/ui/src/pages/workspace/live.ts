/**
 * What happens to the runs while they are looked at.
 *
 * Invariants: values change in their places, and no row moves by itself; runs that came meanwhile wait behind a bar;
 * only runs in sight are asked for again.
 */
import { signal, useComputed, type ReadonlySignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";

import { get, post } from "../../api/client";
import { useTicks, type Tick } from "../../live/live";
import { pinnedAt } from "../../state/url";
import { bare } from "./columns";
import type { Rows } from "./rows";
import type { Table } from "./table-state";
import * as view from "./view";
import { questionOf, questionOfIds, type Meant, type RowsPage } from "./wire";

const COUNT_MS = 1_000;

export interface News {
  /** Runs that came since. */
  readonly added: ReadonlySignal<number>;
  /** Whether values that the table is sorted by have changed. */
  readonly isUnsorted: ReadonlySignal<boolean>;
  /** Until when runs are shown; later ones are new. */
  readonly until: ReadonlySignal<string | null>;
  /** Shows everything there is now. */
  show(): void;
}

/** Follows the runs of an experiment. */
export function useNews(experiment: string | undefined, rows: Rows, table: Table, filter: string): News {
  const state = useRef(makeState()).current;
  const counting = useRef<ReturnType<typeof setTimeout> | null>(null);
  const newest = useRef({ experiment, filter });
  newest.current = { experiment, filter };
  const show = (): void => {
    state.added.value = 0;
    state.isUnsorted.value = false;
    const name = newest.current.experiment;
    const begun = name === undefined ? Promise.resolve() : begin(name, state);
    // Rows are shown up to the newest run that is known then; who cannot be asked says so itself.
    begun.catch(() => undefined).finally(() => rows.reload());
  };
  const count = async (): Promise<void> => {
    counting.current = null;
    const { experiment: name, filter: text } = newest.current;
    if (name === undefined) return;
    // The first runs of an experiment are shown at once: there is no row that they could push.
    if (state.until.peek() === null && (rows.total.peek() ?? 0) === 0) return show();
    const all = { ...meantOf(name, text), until: null };
    const { total } = await post<RowsPage>("/runs/search", { ...questionOf(all), limit: 1, fields: ["id"] });
    state.added.value = Math.max(0, total - (rows.total.peek() ?? total));
  };
  useTicks(experiment === undefined ? {} : { experiment }, (tick) => {
    if (experiment === undefined) return;
    const heard = heardIn(tick);
    void renew(heard, rows, table).catch(() => undefined);
    if (heard.size > 0 && sortsByValues()) state.isUnsorted.value = true;
    counting.current ??= setTimeout(() => void count().catch(() => undefined), COUNT_MS);
  });
  const isShown = useComputed(() => rows.total.value !== null || rows.error.value !== null).value;
  useEffect(() => {
    // Which run is the newest is asked behind the first rows, which would wait for it.
    if (experiment !== undefined && isShown) void begin(experiment, state).catch(() => undefined);
    return () => {
      if (counting.current !== null) clearTimeout(counting.current);
      counting.current = null;
    };
  }, [experiment, isShown, state]);
  return { ...state, show };
}

function makeState() {
  return { added: signal(0), isUnsorted: signal(false), until: signal<string | null>(null) };
}

/** Takes the newest run there is as the last that is shown. */
async function begin(experiment: string, state: ReturnType<typeof makeState>): Promise<void> {
  if (pinnedAt.peek() !== null) return;
  const newest = { experiment, limit: 1, fields: "created", sort: "-.created" };
  const { items } = await get<{ items: { created: string }[] }>("/runs", newest);
  // In an experiment without runs the first one is shown at once.
  state.until.value = items[0]?.created ?? null;
}

/** The runs that a tick tells of. */
export function heardIn(tick: Tick): Set<string> {
  const runs = [...tick.points, ...tick.events].map((part) => part.run);
  return new Set(runs.filter((run): run is string => typeof run === "string"));
}

/** Asks anew for the runs in sight that something was heard of. */
async function renew(heard: ReadonlySet<string>, rows: Rows, table: Table): Promise<void> {
  const { first, end, columns } = table.seen;
  const seen = [...rows.loaded(first, end)].map(([, row]) => row.id).filter((id) => heard.has(id));
  if (seen.length === 0) return;
  const page = await post<RowsPage>("/runs/search", questionOfIds(seen, columns));
  rows.renew(page.items, columns);
}

/** Whether the order can change while nobody does anything. */
function sortsByValues(): boolean {
  const steady = [".name", ".number", ".created", ".started", ".id", ".host"];
  return view.sort.signal.peek().some((order) => !steady.includes(bare(order)) && !bare(order).startsWith("="));
}

/** The runs that the page means. */
export function meantOf(experiment: string, filter: string): Omit<Meant, "until"> {
  return {
    experiment,
    filter,
    hidden: view.hidden.signal.peek(),
    deleted: view.withDeleted.signal.peek() === "with",
  };
}
