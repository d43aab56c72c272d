/**
 * The heads of the columns: orders, widths, places.
 *
 * Invariant: whatever the pointer does here, keys do too: Enter sorts (with Shift beside other orders), Alt with the
 * arrows moves, Shift with the arrows makes wider and narrower.
 */
import type { JSX } from "preact";
import { useRef } from "preact/hooks";

import { Icon } from "../../parts";
import { isNumeric, titleOf, usualWidth } from "./columns";
import { cellsOf, placeStyle } from "./run-row";
import type { Frame } from "./run-table";
import type { Table } from "./table-state";
import { setWidth } from "./view";

const STEP = 16;

export function ColumnHead(props: { frame: Frame; table: Table }): JSX.Element {
  const { frame, table } = props;
  return (
    <div class="runs-head" role="row" aria-rowindex={1}>
      <div class="runs-cell runs-select" role="columnheader" aria-colindex={1}>
        <input
          type="checkbox"
          aria-label="Select the rows in sight, or none"
          checked={table.selected.value.size > 0}
          onChange={() => table.toggleSeen()}
        />
      </div>
      {cellsOf(frame).map((at) => (
        <Head key={frame.columns[at]} at={at} frame={frame} table={table} />
      ))}
    </div>
  );
}

function Head(props: { at: number; frame: Frame; table: Table }): JSX.Element {
  const { at, frame, table } = props;
  const column = frame.columns[at] ?? "";
  const order = table.orderOf(column);
  const title = titleOf(column);
  const isFixed = at < frame.fixed;
  const kind = `runs-cell${isFixed ? " runs-fixed" : ""}${isNumeric(column) ? " runs-number" : ""}`;
  return (
    <div
      class={kind}
      role="columnheader"
      aria-colindex={at + 2}
      aria-sort={order === null ? "none" : order.isDescending ? "descending" : "ascending"}
      style={placeStyle(frame, at)}
      draggable
      onDragStart={(event) => event.dataTransfer?.setData("text/x-mltrack-column", column)}
      onDragOver={(event) => event.preventDefault()}
      onDrop={(event) => {
        event.preventDefault();
        const dropped = event.dataTransfer?.getData("text/x-mltrack-column") ?? "";
        const from = frame.columns.indexOf(dropped);
        if (from >= 0) table.move(dropped, at - from);
      }}
    >
      <button
        type="button"
        class="runs-title"
        title={`${column}\nEnter sorts, Shift+Enter beside other orders, Alt+arrows move, Shift+arrows resize`}
        onClick={(event) => table.sortBy(column, event.shiftKey)}
        onKeyDown={(event) => onKey(event, column, frame.sizes[at] ?? 0, table)}
      >
        <span class="cut" dir="auto">
          {title.slice(0, 200)}
        </span>
        {order !== null && (
          <span class="runs-order">
            <Icon name={order.isDescending ? "down" : "up"} />
            {order.place > 0 && <small>{order.place}</small>}
          </span>
        )}
      </button>
      <Handle column={column} width={frame.sizes[at] ?? 0} />
    </div>
  );
}

function onKey(event: KeyboardEvent, column: string, width: number, table: Table): void {
  const side = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
  if (side === undefined || (!event.altKey && !event.shiftKey)) return;
  event.preventDefault();
  event.stopPropagation();
  if (event.altKey) table.move(column, side);
  else setWidth(column, width + side * STEP);
}

/** The edge that is drawn to make a column wider; a double click makes it as wide as usual. */
function Handle(props: { column: string; width: number }): JSX.Element {
  const from = useRef<{ x: number; width: number } | null>(null);
  return (
    <span
      class="runs-handle"
      aria-hidden="true"
      onDblClick={() => setWidth(props.column, usualWidth(props.column))}
      onPointerDown={(event) => {
        event.preventDefault();
        event.currentTarget.setPointerCapture(event.pointerId);
        from.current = { x: event.clientX, width: props.width };
      }}
      onPointerMove={(event) => {
        const begun = from.current;
        if (begun !== null) setWidth(props.column, begun.width + event.clientX - begun.x);
      }}
      onPointerUp={() => (from.current = null)}
    />
  );
}
