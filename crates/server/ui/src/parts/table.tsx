/**
 * A table of any length: only rows that are seen are drawn.
 *
 * Invariants: every row has the same height; assistive software is told how many rows and columns there are and which
 * one it is at; one row is in the order of the Tab key, and the arrows, j and k move among the others.
 */
import type { ComponentChildren, JSX } from "preact";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";

import "./table.css";
import { Icon } from "./icons";

export interface TableColumn<Row> {
  readonly key: string;
  readonly title: ComponentChildren;
  /** In px; a column that grows takes what is left beyond it. */
  readonly width: number;
  readonly grows?: boolean;
  readonly align?: "start" | "end";
  /** Stays at its place while the others are scrolled sideways. Such columns are the first ones. */
  readonly sticky?: boolean;
  readonly sort?: "asc" | "desc" | null;
  readonly onSort?: () => void;
  cell(row: Row, index: number): ComponentChildren;
}

export interface TableProps<Row> {
  readonly label: string;
  readonly columns: readonly TableColumn<Row>[];
  /** How many rows there are, whether they are loaded or not. */
  readonly rowCount: number;
  /** A row; `undefined` while it is on its way. */
  rowAt(index: number): Row | undefined;
  rowKey(row: Row, index: number): string;
  /** Told of the rows that are seen, so that they can be loaded. */
  onRange?: (first: number, end: number) => void;
  onOpen?: (row: Row, index: number) => void;
  isSelected?: (row: Row) => boolean;
  onToggle?: (row: Row, index: number, isRange: boolean) => void;
  /** The most height in px; the page scrolls when nothing is said and there are few rows. */
  readonly height?: number | string;
}

const AROUND = 8;
const PAGE = 10;

/** The rows that are drawn for a place of the scroll bar: from the first up to before the end. */
export function seen(top: number, height: number, row: number, count: number): { first: number; end: number } {
  const first = Math.max(0, Math.floor(top / row) - AROUND);
  const end = Math.min(count, Math.ceil((top + height) / row) + AROUND);
  return { first: Math.min(first, Math.max(0, count - 1)), end };
}

export function Table<Row>(props: TableProps<Row>): JSX.Element {
  const box = useRef<HTMLDivElement>(null);
  const [view, setView] = useState({ top: 0, height: 800, row: 36 });
  const [active, setActive] = useState(0);
  const wantsFocus = useRef(false);
  useLayoutEffect(() => measure(box.current, setView), []);
  const { first, end } = seen(view.top, view.height, view.row, props.rowCount);
  useEffect(() => props.onRange?.(first, end), [first, end, props.onRange]);
  const current = Math.min(active, Math.max(0, props.rowCount - 1));
  useEffect(() => {
    if (!wantsFocus.current) return;
    wantsFocus.current = false;
    box.current?.querySelector<HTMLElement>(`[aria-rowindex="${current + 2}"]`)?.focus({ preventScroll: true });
  }, [current, first, end]);
  const move = (to: number): void => {
    const next = Math.min(props.rowCount - 1, Math.max(0, to));
    wantsFocus.current = true;
    setActive(next);
    reveal(box.current, next, view.row);
  };
  const template = props.columns.map((column) => (column.grows ? `minmax(${column.width}px, 1fr)` : `${column.width}px`)).join(" ");
  const least = props.columns.reduce((sum, column) => sum + column.width, 0);
  const grid: Grid = { template, least, lefts: leftsOf(props.columns) };
  const indexes = Array.from({ length: Math.max(0, end - first) }, (_, place) => first + place);
  // The row that has the focus stays drawn when it is scrolled away, so that the focus is not lost.
  if (props.rowCount > 0 && (current < first || current >= end)) indexes.push(current);
  return (
    <div
      ref={box}
      class="table"
      role="grid"
      aria-label={props.label}
      aria-rowcount={props.rowCount + 1}
      aria-colcount={props.columns.length}
      aria-multiselectable={props.onToggle !== undefined}
      style={{ maxHeight: typeof props.height === "number" ? `${props.height}px` : (props.height ?? "calc(100vh - 200px)") }}
      onScroll={(event) => {
        const top = event.currentTarget.scrollTop;
        setView((before) => (before.top === top ? before : { ...before, top }));
      }}
      onKeyDown={(event) => tableKey(event, props, current, move)}
    >
      <Head columns={props.columns} grid={grid} />
      <div role="rowgroup" style={{ position: "relative", height: `${props.rowCount * view.row}px`, minWidth: `${least}px` }}>
        {indexes.map((index) => (
          <Line key={index} table={props} grid={grid} index={index} isActive={index === current} top={index * view.row} onFocus={setActive} />
        ))}
      </div>
    </div>
  );
}

interface Grid {
  readonly template: string;
  readonly least: number;
  readonly lefts: readonly (number | null)[];
}

function leftsOf(columns: readonly { width: number; sticky?: boolean }[]): (number | null)[] {
  let left = 0;
  return columns.map((column) => {
    if (column.sticky !== true) return null;
    left += column.width;
    return left - column.width;
  });
}

function cellClass(column: { align?: "start" | "end" }, left: number | null): string {
  return `table-cell${column.align === "end" ? " table-end" : ""}${left === null ? "" : " table-sticky"}`;
}

function Head<Row>(props: { columns: readonly TableColumn<Row>[]; grid: Grid }): JSX.Element {
  const { grid } = props;
  return (
    <div class="table-head" role="row" aria-rowindex={1} style={{ gridTemplateColumns: grid.template, minWidth: `${grid.least}px` }}>
      {props.columns.map((column, place) => {
        const left = grid.lefts[place] ?? null;
        const sorted = column.sort === "asc" ? "ascending" : column.sort === "desc" ? "descending" : "none";
        return (
          <div
            key={column.key}
            role="columnheader"
            class={cellClass(column, left)}
            aria-colindex={place + 1}
            aria-sort={column.onSort === undefined ? undefined : sorted}
            style={left === null ? undefined : { insetInlineStart: `${left}px` }}
          >
            {column.onSort === undefined ? (
              column.title
            ) : (
              <button type="button" class="table-sort" onClick={column.onSort}>
                {column.title}
                {column.sort && <Icon name={column.sort === "asc" ? "up" : "down"} />}
              </button>
            )}
          </div>
        );
      })}
    </div>
  );
}

function Line<Row>(props: {
  table: TableProps<Row>;
  grid: Grid;
  index: number;
  isActive: boolean;
  top: number;
  onFocus: (index: number) => void;
}): JSX.Element {
  const { table, grid, index } = props;
  const row = table.rowAt(index);
  const isSelected = row !== undefined && table.isSelected !== undefined ? table.isSelected(row) : undefined;
  return (
    <div
      class="table-row"
      role="row"
      aria-rowindex={index + 2}
      aria-selected={isSelected}
      tabIndex={props.isActive ? 0 : -1}
      style={{ transform: `translateY(${props.top}px)`, gridTemplateColumns: grid.template, minWidth: `${grid.least}px` }}
      onFocus={() => props.onFocus(index)}
      onDblClick={() => row !== undefined && table.onOpen?.(row, index)}
    >
      {table.columns.map((column, place) => {
        const left = grid.lefts[place] ?? null;
        return (
          <div
            key={column.key}
            role="gridcell"
            class={cellClass(column, left)}
            aria-colindex={place + 1}
            style={left === null ? undefined : { insetInlineStart: `${left}px` }}
          >
            {row === undefined ? <span class="faint">…</span> : column.cell(row, index)}
          </div>
        );
      })}
    </div>
  );
}

function tableKey<Row>(event: KeyboardEvent, props: TableProps<Row>, current: number, move: (to: number) => void): void {
  const isRow = event.target instanceof HTMLElement && event.target.getAttribute("role") === "row";
  const isPlain = !event.ctrlKey && !event.metaKey && !event.altKey;
  if (!isRow || !isPlain) return;
  const to = {
    ArrowDown: current + 1,
    j: current + 1,
    ArrowUp: current - 1,
    k: current - 1,
    PageDown: current + PAGE,
    PageUp: current - PAGE,
    Home: 0,
    End: props.rowCount - 1,
  }[event.key];
  const row = props.rowAt(current);
  if (to !== undefined) move(to);
  else if (event.key === "Enter" && props.onOpen && row !== undefined) props.onOpen(row, current);
  else if (event.key.toLowerCase() === "x" && props.onToggle && row !== undefined) {
    props.onToggle(row, current, event.shiftKey);
  } else return;
  event.preventDefault();
}

function reveal(box: HTMLElement | null, index: number, row: number): void {
  if (box === null) return;
  const [top, bottom] = [index * row, (index + 2) * row];
  if (top < box.scrollTop) box.scrollTop = top;
  else if (bottom > box.scrollTop + box.clientHeight) box.scrollTop = bottom - box.clientHeight;
}

function measure(
  box: HTMLDivElement | null,
  setView: (change: (before: { top: number; height: number; row: number }) => { top: number; height: number; row: number }) => void,
): (() => void) | undefined {
  if (box === null) return undefined;
  const look = (): void => {
    const row = box.querySelector(".table-head")?.clientHeight ?? 36;
    const height = Math.max(200, Math.min(box.clientHeight, 4_000));
    setView((before) => (before.row === row + 1 && before.height === height ? before : { ...before, row: row + 1, height }));
  };
  look();
  const observer = new ResizeObserver(look);
  observer.observe(box);
  return () => observer.disconnect();
}
