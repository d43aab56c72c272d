/**
 * The rows of a workspace and its table, and the first question for them: before there is anything to draw.
 *
 * Invariants: what a page asks before it is drawn and what it asks while it is drawn is one question, so nothing is asked
 * twice; what was begun for an address is taken by its page once.
 */
import { computed, signal, type Signal } from "@preact/signals";

import { preferences } from "../../state/preferences";
import { pinnedAt } from "../../state/url";
import { usualColumns } from "./columns";
import { meantOf } from "./live";
import { Rows } from "./rows";
import { Table } from "./table-state";
import * as view from "./view";
import { questionOf, type Meant } from "./wire";

/** Columns that are asked for before it is known how wide the table is. */
const COLUMNS_FIRST = 12;

export interface Made {
  readonly rows: Rows;
  readonly table: Table;
  /** The columns that the experiment is opened with. */
  readonly usual: Signal<readonly string[]>;
}

let begun: { readonly id: string; readonly made: Made } | null = null;

function make(id: string): Made {
  const usual = signal<readonly string[]>(usualColumns(undefined, null));
  const rows = new Rows();
  return { rows, usual, table: new Table(rows, computed(() => preferences.columns.value[id] ?? usual.value)) };
}

/** What was begun for an experiment, or something new: what was refused for want of a key is asked for with the key. */
export function take(id: string): Made {
  const made = begun?.id === id && begun.made.rows.error.peek() === null ? begun.made : make(id);
  begun = null;
  return made;
}

/** Asks for the first rows while the page is not yet drawn. */
export function begin(id: string): void {
  const made = make(id);
  begun = { id, made };
  ask(made, meantNow(id), null);
}

/** The runs that the address means. */
export function meantNow(id: string): Meant {
  return { ...meantOf(id, view.filter.signal.value), hidden: view.hidden.signal.value, deleted: view.withDeleted.signal.value === "with", until: null };
}

/** Turns the rows to what the address asks, and asks for those that are seen; nothing when that is what they have. */
export function ask({ rows, table }: Pick<Made, "rows" | "table">, meant: Meant, until: (() => string | null) | null): void {
  const at = pinnedAt.peek();
  const sort = view.sort.signal.peek();
  const body = (): Record<string, unknown> => questionOf({ ...meant, until: at === null ? (until?.() ?? null) : null });
  rows.turn({ key: JSON.stringify([meant, sort, at]), body, sort, at });
  // Groups have no rows.
  if (view.group.signal.peek().length > 0) return;
  const { first, end, columns } = table.seen;
  if (end > 0) rows.want(first, end, columns);
  else rows.want(0, 1, table.columns.peek().slice(0, COLUMNS_FIRST));
}
