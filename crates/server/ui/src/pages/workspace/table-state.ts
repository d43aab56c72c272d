/**
 * What the keys and the pointer do to the table.
 *
 * Invariants: the run that keys act on stays the same run while rows are drawn anew; a range is between the run that was
 * chosen last and this one; everything that changes what is shown goes through the address.
 */
import { computed, signal, type ReadonlySignal } from "@preact/signals";

import { looksOf, type RunColour } from "../../state/colours";
import { go, href } from "../../state/url";
import { add, sayTooMany, select, selected, SELECTED_MAX, toggle } from "../../state/selection";
import { failed } from "../../state/undo";
import { moved, nextSort } from "./columns";
import type { Rows } from "./rows";
import * as view from "./view";
import type { Row } from "./wire";

/** Rows that a page key goes on by. */
const PAGE = 20;

export class Table {
  /** The place of the row that keys act on. */
  readonly active = signal(0);
  /** Counts how often it was moved by keys, so that it is brought into sight then and not otherwise. */
  readonly moves = signal(0);
  readonly selected = selected;
  readonly baseline: ReadonlySignal<string> = view.baseline.signal;
  /** How the runs of the charts are drawn, in the order in which those have them. */
  readonly looks: ReadonlySignal<ReadonlyMap<string, RunColour>> = computed(() => looksOf(this.drawn.value));
  /** The baseline and the selected runs. */
  readonly drawn: ReadonlySignal<readonly string[]> = computed(() => {
    const baseline = this.baseline.value;
    return [...new Set([...(baseline === "" ? [] : [baseline]), ...this.selected.value])];
  });
  readonly columns: ReadonlySignal<readonly string[]>;
  seen: { first: number; end: number; columns: readonly string[] } = { first: 0, end: 0, columns: [] };
  /** Where a range begins. */
  private anchor: { place: number; id: string | null } = { place: 0, id: null };

  constructor(
    readonly rows: Rows,
    /** The columns that the experiment is opened with. */
    readonly usual: ReadonlySignal<readonly string[]>,
  ) {
    this.columns = computed(() => {
      const chosen = view.columns.signal.value;
      return chosen.length > 0 ? chosen : this.usual.value;
    });
  }

  /** The run that keys act on. */
  current(): Row | undefined {
    return this.rows.at(this.active.peek());
  }

  /** The runs that something is done to: those selected, or the one that keys act on. */
  meant(): string[] {
    const chosen = [...this.selected.peek()];
    const current = this.current();
    return chosen.length > 0 ? chosen : current === undefined ? [] : [current.id];
  }

  moveTo(place: number): void {
    const total = this.rows.total.peek() ?? 0;
    this.active.value = Math.max(0, Math.min(total - 1, place));
    this.moves.value += 1;
  }

  moveBy(by: number): void {
    this.moveTo(this.active.peek() + by);
  }

  /** Selects the run that keys act on, or no longer. */
  toggleCurrent(): void {
    const row = this.current();
    if (row === undefined) return;
    this.anchor = { place: this.active.peek(), id: row.id };
    toggle(row.id);
  }

  /** Selects everything between the run that was chosen last and this one, also what was never in sight. */
  async selectRange(to: number = this.active.peek()): Promise<void> {
    const from = this.anchorPlace(to);
    const [first, last] = [Math.min(from, to), Math.max(from, to)];
    if (last - first >= SELECTED_MAX) return sayTooMany(last - first + 1);
    const before = this.selected.peek();
    try {
      const ids = await this.rows.ids(first, last + 1);
      // Who has let go of everything meanwhile does not want it either.
      const isLetGo = before.size > 0 && this.selected.peek().size === 0;
      if (ids !== null && !isLetGo) add(ids);
    } catch (error) {
      failed("The range was not selected", error);
    }
  }

  /** Where the run stands that was chosen last. */
  private anchorPlace(otherwise: number): number {
    const { place, id } = this.anchor;
    const there = this.rows.at(place)?.id;
    if (id === null || there === undefined || there === id) return place;
    return this.rows.placeOf(id) ?? otherwise;
  }

  /** Selects the rows in sight, or, when any are selected, none. */
  toggleSeen(): void {
    if (this.selected.peek().size > 0) return select([]);
    const rows = [...this.rows.loaded(this.seen.first, this.seen.end)];
    select(rows.map(([, row]) => row.id));
  }

  open(): void {
    const row = this.current();
    if (row !== undefined) go(href(`/runs/${encodeURIComponent(row.id)}`));
  }

  onClick(event: MouseEvent, place: number, row: Row): void {
    const isLink = event.target instanceof Element && event.target.closest("a") !== null;
    if (isLink && !event.shiftKey) return;
    if (isLink) event.preventDefault();
    this.active.value = place;
    if (event.shiftKey) {
      // A browser selects text between two clicks with shift.
      getSelection()?.removeAllRanges();
      return void this.selectRange(place);
    }
    const isBox = event.target instanceof HTMLInputElement;
    // A box would take keys such as Enter for itself.
    if (isBox) (event.target as HTMLElement).closest<HTMLElement>(".runs")?.focus({ preventScroll: true });
    if (!isBox && !event.ctrlKey && !event.metaKey) return;
    this.anchor = { place, id: row.id };
    toggle(row.id);
  }

  /** Keys of the grid itself; those that work everywhere are actions. */
  onKey(event: KeyboardEvent): void {
    if (event.target !== event.currentTarget || event.altKey || event.ctrlKey || event.metaKey) return;
    const total = this.rows.total.peek() ?? 0;
    const by = { ArrowDown: 1, ArrowUp: -1, PageDown: PAGE, PageUp: -PAGE, Home: -total, End: total }[event.key];
    if (by !== undefined) {
      event.preventDefault();
      this.moveBy(by);
      if (event.shiftKey) void this.selectRange();
      return;
    }
    if (event.key === " ") {
      event.preventDefault();
      event.stopPropagation();
      this.toggleCurrent();
    }
  }

  orderOf(column: string): { isDescending: boolean; place: number } | null {
    const orders = view.sort.signal.value;
    const at = orders.findIndex((order) => order === column || order === `-${column}`);
    if (at < 0) return null;
    return { isDescending: orders[at]?.startsWith("-") ?? false, place: orders.length > 1 ? at + 1 : 0 };
  }

  sortBy(column: string, isMore: boolean): void {
    view.sort.set(nextSort(view.sort.signal.peek(), column, isMore));
  }

  move(column: string, by: number): void {
    this.show(moved(this.columns.peek(), column, by));
  }

  /** Shows these columns; those that an experiment is opened with are not written into the address. */
  show(columns: readonly string[]): void {
    const isUsual = columns.length === 0 || columns.join() === this.usual.peek().join();
    view.columns.set(isUsual ? [] : columns);
  }

  /** Puts a column behind those that stay, and lets it stay; one that stays goes to the first of the others. */
  pin(column: string): void {
    const columns = this.columns.peek();
    const at = columns.indexOf(column);
    const fixed = Math.min(view.fixed.signal.peek(), columns.length);
    if (at < 0) return;
    const isFixed = at < fixed;
    this.show(moved(columns, column, (isFixed ? fixed - 1 : fixed) - at));
    view.fixed.set(isFixed ? fixed - 1 : fixed + 1, { replace: true });
  }
}
