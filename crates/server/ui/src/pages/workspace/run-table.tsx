/**
 * The table of runs: of a hundred thousand rows and a thousand columns, those that are seen are drawn and asked for.
 *
 * Invariants: every row has the same height; rows that are drawn are used again for other runs, so that scrolling makes
 * no elements; the run that keys act on is told to assistive software; scrolling never waits for an answer.
 */
import type { JSX } from "preact";
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";

import { ColumnHead } from "./column-head";
import { columnsWithin, offsetsOf, usualWidth } from "./columns";
import { WINDOW_LEN, type Rows } from "./rows";
import { RunRow } from "./run-row";
import type { Table } from "./table-state";
import { widths } from "./view";

/** The column of the boxes that select. */
export const SELECT_WIDTH = 44;
const AROUND = 6;
/** While somebody scrolls, rows are asked for so often. */
const ASK_MS = 60;
/** Who scrolls past a window and more meanwhile sees none of its rows: it is waited for so long until that slows down. */
const FAST_MS = 240;

interface View {
  readonly top: number;
  readonly left: number;
  readonly width: number;
  readonly height: number;
  readonly row: number;
}

export function RunTable(props: { rows: Rows; table: Table; fixed: number; label: string }): JSX.Element {
  const { rows, table } = props;
  const box = useRef<HTMLDivElement>(null);
  const [view, setView] = useState<View>({ top: 0, left: 0, width: 1_200, height: 800, row: 36 });
  useLayoutEffect(() => follow(box.current, setView), []);
  void rows.version.value;
  const columns = table.columns.value;
  const chosen = widths.value;
  const sizes = useMemo(() => columns.map((column) => chosen[column] ?? usualWidth(column)), [columns, chosen]);
  const offsets = useMemo(() => offsetsOf(sizes), [sizes]);
  const fixed = Math.min(view.width < 560 ? 0 : props.fixed, columns.length);
  const total = rows.total.value ?? 0;
  const first = Math.max(0, Math.min(Math.floor(view.top / view.row) - AROUND, total - 1));
  const end = Math.min(total, Math.ceil((view.top + view.height) / view.row) + AROUND);
  const [firstColumn, endColumn] = seenColumns(offsets, fixed, view);
  const seen = useMemo(
    () => [...columns.slice(0, fixed), ...columns.slice(Math.max(fixed, firstColumn), endColumn)],
    [columns, fixed, firstColumn, endColumn],
  );
  useWanted(rows, first, Math.max(end, first + 1), seen, table);
  useRevealed(box.current, table, view.row);
  const width = SELECT_WIDTH + (offsets.at(-1) ?? 0);
  const frame = { columns, sizes, offsets, fixed, first: Math.max(fixed, firstColumn), end: endColumn, row: view.row };
  return (
    <div
      ref={box}
      class="runs"
      role="grid"
      aria-label={props.label}
      aria-rowcount={total + 1}
      aria-colcount={columns.length + 1}
      aria-multiselectable="true"
      aria-activedescendant={total > 0 ? `run-${table.active.value}` : undefined}
      aria-busy={rows.isLoading.value}
      tabIndex={0}
      onKeyDown={(event) => table.onKey(event)}
    >
      <div class="runs-inner" style={{ width: `${width}px`, height: `${(total + 1) * view.row}px` }}>
        <ColumnHead frame={frame} table={table} />
        <Drawn rows={rows} table={table} frame={frame} first={first} end={end} />
      </div>
    </div>
  );
}

/** What a row has to know of the columns. */
export interface Frame {
  readonly columns: readonly string[];
  readonly sizes: readonly number[];
  readonly offsets: readonly number[];
  readonly fixed: number;
  /** The first of the others that is seen, and behind the last. */
  readonly first: number;
  readonly end: number;
  readonly row: number;
}

function Drawn(props: { rows: Rows; table: Table; frame: Frame; first: number; end: number }): JSX.Element {
  const { rows, table, frame, first, end } = props;
  // As many elements as were ever needed at once; each has the places that leave the same rest.
  const pool = useRef(1);
  pool.current = Math.max(pool.current, end - first);
  const drawn: JSX.Element[] = [];
  for (let place = first; place < end; place += 1) {
    drawn.push(<RunRow key={place % pool.current} place={place} row={rows.at(place)} table={table} frame={frame} />);
  }
  return <>{drawn}</>;
}

function seenColumns(offsets: readonly number[], fixed: number, view: View): [number, number] {
  const covered = SELECT_WIDTH + (offsets[fixed] ?? 0);
  const from = view.left + covered - SELECT_WIDTH;
  const [first, end] = columnsWithin(offsets, from, view.left + view.width - SELECT_WIDTH);
  return [Math.max(0, first - 1), Math.min(offsets.length - 1, end + 2)];
}

/** Asks for what is seen: at once, and while somebody scrolls not more often than answers are of use. */
function useWanted(rows: Rows, first: number, end: number, columns: readonly string[], table: Table): void {
  const last = useRef({ time: 0, first: 0 });
  const version = rows.version.value;
  useEffect(() => {
    table.seen = { first, end, columns };
    const ask = (): void => {
      last.current = { time: performance.now(), first };
      rows.want(first, end, columns);
    };
    const since = performance.now() - last.current.time;
    const isFast = Math.abs(first - last.current.first) > WINDOW_LEN && since < FAST_MS;
    if (since >= ASK_MS && !isFast) return ask();
    const timer = setTimeout(ask, isFast ? ASK_MS : ASK_MS - since);
    return () => clearTimeout(timer);
  }, [rows, first, end, columns, version, table]);
}

/** Keeps the run that keys act on in sight when it is moved by them. */
function useRevealed(box: HTMLElement | null, table: Table, row: number): void {
  const active = table.active.value;
  const moves = table.moves.value;
  useEffect(() => {
    if (box === null || moves === 0) return;
    const top = active * row;
    const height = box.clientHeight - 2 * row;
    if (top < box.scrollTop) box.scrollTop = top;
    else if (top > box.scrollTop + height) box.scrollTop = top - height;
  }, [box, active, moves, row]);
}

/** Follows what is seen of the table, once for each frame. */
function follow(box: HTMLElement | null, set: (view: View) => void): (() => void) | undefined {
  if (box === null) return undefined;
  let isAsked = false;
  const measure = (): void => {
    isAsked = false;
    const row = Number.parseFloat(getComputedStyle(box).getPropertyValue("--row")) || 36;
    set({ top: box.scrollTop, left: box.scrollLeft, width: box.clientWidth, height: box.clientHeight, row });
  };
  const ask = (): void => {
    if (isAsked) return;
    isAsked = true;
    requestAnimationFrame(measure);
  };
  const sizes = new ResizeObserver(ask);
  sizes.observe(box);
  box.addEventListener("scroll", ask, { passive: true });
  measure();
  return () => {
    sizes.disconnect();
    box.removeEventListener("scroll", ask);
  };
}
