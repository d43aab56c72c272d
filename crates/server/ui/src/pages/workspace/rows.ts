/**
 * The rows that the table has: windows of the list, each with the columns that were asked for, and nothing else.
 *
 * Invariants: a row that was shown keeps its place until the question changes, whatever happens to its run meanwhile; an
 * answer to an older question is thrown away; so many windows are kept, and those far from what is seen go first.
 */
import { signal } from "@preact/signals";

import { ApiError, post } from "../../api/client";
import { asApiError } from "../../api/resource";
import { quotedOrder } from "../../filter/lex";
import type { Cell } from "./cells";
import { questionOfIds, ROW_FIELDS, type Row, type RowsPage } from "./wire";

/** Rows of a window. */
export const WINDOW_LEN = 100;
const WINDOWS_MAX = 48;
/** Rows that one answer has at most. */
const ASKED_MAX = 1_000;

/** A question about rows, without its window. */
export interface RowsQuestion {
  /** Questions of the same key have the same rows, so nothing is asked anew. */
  readonly key: string;
  /** What says which runs are meant, as of when it is asked. */
  body(): Record<string, unknown>;
  readonly sort: readonly string[];
  readonly at: string | null;
}

export type Ask = (body: Record<string, unknown>, abort: AbortSignal) => Promise<RowsPage>;

interface Kept {
  rows: readonly Row[];
  /** The columns that were asked for; what a row lacks of them it has not. */
  columns: Set<string>;
  loading: Set<string> | null;
}

export const askServer: Ask = (body, abort) => post<RowsPage>("/runs/search", body, { signal: abort });

export class Rows {
  /** Counts what was drawn anew. */
  readonly version = signal(0);
  readonly total = signal<number | null>(null);
  readonly error = signal<ApiError | null>(null);
  readonly isLoading = signal(false);
  readonly notes = signal<readonly string[]>([]);
  private windows = new Map<number, Kept>();
  private question: RowsQuestion | null = null;
  private abort = new AbortController();
  private under = 0;
  /** Rows of the question before, shown until the first of the new one are there. */
  private stale: Map<number, Kept> | null = null;
  private readonly ask: Ask;

  constructor(ask: Ask = askServer) {
    this.ask = ask;
  }

  /** Asks another question. The same one again changes nothing. */
  turn(question: RowsQuestion): void {
    const isSame = question.key === this.question?.key;
    this.question = question;
    if (!isSame) this.restart();
  }

  /** Asks the same question anew. */
  reload(): void {
    if (this.question !== null) this.restart();
  }

  private restart(): void {
    this.abort.abort();
    this.abort = new AbortController();
    this.under = 0;
    // What was never answered says less than what was shown before it.
    if ([...this.windows.values()].some((kept) => kept.columns.size > 0)) this.stale = this.windows;
    this.windows = new Map();
    // Where there was none, no table is drawn that would ask; it has to be drawn again.
    if (this.total.peek() === 0) this.total.value = null;
    this.error.value = null;
    this.version.value += 1;
  }

  /** The row at a place, when it is there. */
  at(place: number): Row | undefined {
    const window = Math.floor(place / WINDOW_LEN);
    const kept = this.windows.get(window);
    if (kept !== undefined && kept.columns.size > 0) return kept.rows[place % WINDOW_LEN];
    return this.stale?.get(window)?.rows[place % WINDOW_LEN];
  }

  /** Whether a column of a place is known, or on its way. */
  knows(place: number, column: string): boolean {
    return this.windows.get(Math.floor(place / WINDOW_LEN))?.columns.has(column) ?? false;
  }

  /** The place of a run among the rows that are there. */
  placeOf(id: string): number | null {
    for (const [window, kept] of this.windows) {
      const at = kept.rows.findIndex((row) => row.id === id);
      if (at >= 0) return window * WINDOW_LEN + at;
    }
    return null;
  }

  /** Sees to it that these places have these columns. */
  want(first: number, end: number, columns: readonly string[]): void {
    const question = this.question;
    if (question === null || this.error.peek() !== null) return;
    const last = Math.max(first, end - 1);
    for (let window = Math.floor(first / WINDOW_LEN); window <= Math.floor(last / WINDOW_LEN); window += 1) {
      const kept = this.windows.get(window) ?? { rows: [], columns: new Set<string>(), loading: null };
      const missing = columns.filter((column) => !kept.columns.has(column));
      if (missing.length === 0 || kept.loading !== null) continue;
      this.windows.delete(window);
      this.windows.set(window, kept);
      kept.loading = new Set(missing);
      void this.load(question, window, kept, missing);
    }
    this.forget(Math.floor(first / WINDOW_LEN));
  }

  private async load(question: RowsQuestion, window: number, kept: Kept, columns: string[]): Promise<void> {
    const abort = this.abort;
    this.under += 1;
    this.isLoading.value = true;
    try {
      const page = await this.ask(bodyOf(question, window, columns), abort.signal);
      const isFirst = kept.columns.size === 0;
      const items = isFirst ? page.items : await this.withMoved(question, kept, page.items, columns, abort);
      if (abort.signal.aborted) return;
      if (isFirst) this.total.value = page.total;
      kept.rows = isFirst ? items : widened(kept.rows, items);
      for (const column of columns) kept.columns.add(column);
      this.notes.value = page.notes;
      this.stale = null;
    } catch (error) {
      if (!abort.signal.aborted) this.error.value = asApiError(error);
    } finally {
      kept.loading = null;
      if (!abort.signal.aborted) {
        this.under -= 1;
        this.isLoading.value = this.under > 0;
        this.version.value += 1;
      }
    }
  }

  /** With those rows of a window that moved out of it meanwhile, which are asked for by their ids. */
  private async withMoved(
    question: RowsQuestion, kept: Kept, items: readonly Row[], columns: readonly string[], abort: AbortController,
  ): Promise<readonly Row[]> {
    const there = new Set(items.map(({ id }) => id));
    const moved = kept.rows.map(({ id }) => id).filter((id) => !there.has(id));
    if (moved.length === 0 || abort.signal.aborted) return items;
    const at = question.at === null ? {} : { at: question.at };
    const page = await this.ask({ ...questionOfIds(moved, columns.filter((column) => !OWN.has(column))), ...at }, abort.signal);
    return [...items, ...page.items];
  }

  /**
   * The ids of the runs at these places, in their order; those of rows that are not there are asked for. Null when
   * another question was asked meanwhile.
   */
  async ids(first: number, end: number): Promise<string[] | null> {
    const { question, abort } = this;
    const ids: string[] = [];
    while (question !== null && first + ids.length < end) {
      const place = first + ids.length;
      const known = this.newest(place);
      if (known !== undefined) {
        ids.push(known.id);
        continue;
      }
      const limit = Math.min(ASKED_MAX, this.gapEnd(place, end) - place);
      const body = { ...bodyOf(question, 0, []), fields: ["id"], limit, ...(place > 0 ? { offset: place } : {}) };
      const { items } = await this.ask(body, abort.signal);
      if (abort.signal.aborted) return null;
      ids.push(...items.map((row) => row.id));
      // Runs that went meanwhile leave fewer than there were.
      if (items.length < limit) break;
    }
    return ids;
  }

  private gapEnd(place: number, end: number): number {
    let at = place;
    while (at < end && this.newest(at) === undefined) at += 1;
    return at;
  }

  /** The row at a place, of the question that is asked now. */
  private newest(place: number): Row | undefined {
    return this.windows.get(Math.floor(place / WINDOW_LEN))?.rows[place % WINDOW_LEN];
  }

  private forget(near: number): void {
    if (this.windows.size <= WINDOWS_MAX) return;
    const far = [...this.windows.keys()].sort((a, b) => Math.abs(b - near) - Math.abs(a - near));
    for (const window of far.slice(0, this.windows.size - WINDOWS_MAX)) this.windows.delete(window);
  }

  /** Takes newer values of runs that are there. Places stay as they are. */
  renew(rows: readonly Row[], columns: readonly string[]): void {
    const newer = new Map(rows.map((row) => [row.id, row]));
    for (const kept of this.windows.values()) {
      if (!kept.rows.some((row) => newer.has(row.id))) continue;
      kept.rows = kept.rows.map((row) => renewed(row, newer.get(row.id), columns));
    }
    this.version.value += 1;
  }

  /** All rows that are there, by place. */
  *loaded(first: number, end: number): Iterable<readonly [number, Row]> {
    for (let place = first; place < end; place += 1) {
      const row = this.at(place);
      if (row !== undefined) yield [place, row];
    }
  }
}

function bodyOf(question: RowsQuestion, window: number, columns: readonly string[]): Record<string, unknown> {
  return {
    ...question.body(),
    sort: question.sort.map(quotedOrder),
    columns: columns.filter((column) => !OWN.has(column)),
    fields: ROW_FIELDS,
    limit: WINDOW_LEN,
    ...(window > 0 ? { offset: window * WINDOW_LEN } : {}),
    ...(question.at === null ? {} : { at: question.at }),
  };
}

/** Columns that every row has as members of its own. */
const OWN = new Set([".state", ".name", ".started", ".ended", ".id"]);

/** Rows in their places with columns that came later, whatever runs came or changed the order meanwhile. */
function widened(rows: readonly Row[], items: readonly Row[]): readonly Row[] {
  const newer = new Map(items.map((row) => [row.id, row]));
  return rows.map((row) => {
    const found = newer.get(row.id);
    return found === undefined ? row : { ...found, columns: { ...row.columns, ...found.columns } };
  });
}

function renewed(row: Row, newer: Row | undefined, columns: readonly string[]): Row {
  if (newer === undefined) return row;
  const values: Record<string, Cell> = { ...row.columns };
  for (const column of columns) {
    if (column in newer.columns) values[column] = newer.columns[column];
    else delete values[column];
  }
  return { ...newer, columns: values };
}

/** A cell of a row. */
export function valueOf(row: Row, column: string): Cell {
  if (column === ".state") return row.state;
  if (column === ".name") return row.name;
  if (column === ".started") return row.started;
  if (column === ".ended") return row.ended;
  if (column === ".id") return row.id;
  return row.columns[column];
}

