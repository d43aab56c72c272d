/**
 * A row of the table.
 *
 * Invariants: a text of the store is a text node and nothing else; it is drawn anew only when what it shows has changed.
 */
import { Component, type JSX } from "preact";

import { RunStateBadge, Time } from "../../parts";
import type { Run } from "../../api/types";
import type { RunColour } from "../../state/colours";
import { href } from "../../state/url";
import { cellText, wholeText } from "./cells";
import { isNumeric } from "./columns";
import { valueOf } from "./rows";
import { SELECT_WIDTH, type Frame } from "./run-table";
import type { Table } from "./table-state";
import type { Row } from "./wire";

export interface RowProps {
  readonly place: number;
  readonly row: Row | undefined;
  readonly table: Table;
  readonly frame: Frame;
}

interface Marks {
  readonly isActive: boolean;
  readonly isSelected: boolean;
  readonly isBaseline: boolean;
  /** How it is drawn in the charts; nothing while it is not. */
  readonly look: RunColour | undefined;
}

export function RunRow(props: RowProps): JSX.Element {
  const { row, table, place } = props;
  return (
    <Drawn
      {...props}
      isActive={table.active.value === place}
      isSelected={row !== undefined && table.selected.value.has(row.id)}
      look={row === undefined ? undefined : table.looks.value.get(row.id)}
      isBaseline={row !== undefined && table.baseline.value === row.id}
    />
  );
}

class Drawn extends Component<RowProps & Marks> {
  override shouldComponentUpdate(next: RowProps & Marks): boolean {
    const { row, place, frame, look, isActive, isSelected, isBaseline } = this.props;
    const isSame = isSameLook(look, next.look) && isActive === next.isActive && isSelected === next.isSelected && isBaseline === next.isBaseline;
    return !isSame || row !== next.row || place !== next.place || !isSameFrame(frame, next.frame);
  }

  override render(): JSX.Element {
    const { row, place, frame, table, look, isActive, isSelected, isBaseline } = this.props;
    const kind = `runs-row${isActive ? " runs-active" : ""}${isBaseline ? " runs-baseline" : ""}`;
    const style = { transform: `translateY(${(place + 1) * frame.row}px)` };
    // Who scrolls fast passes rows without cells: to keep those of another run unseen costs more than to make them anew.
    return (
      <div
        class={row === undefined ? `${kind} runs-empty` : kind}
        role="row"
        id={`run-${place}`}
        data-run={row?.id}
        aria-rowindex={place + 2}
        aria-selected={row === undefined ? undefined : isSelected}
        style={style}
        onClick={(event) => row !== undefined && table.onClick(event, place, row)}
      >
        {row !== undefined && <Cells row={row} look={look} isSelected={isSelected} isBaseline={isBaseline} frame={frame} />}
      </div>
    );
  }
}

interface CellsProps {
  readonly row: Row;
  readonly look: RunColour | undefined;
  readonly isSelected: boolean;
  readonly isBaseline: boolean;
  readonly frame: Frame;
}

/** The cells of a run; they are not drawn anew when the row only moves. */
class Cells extends Component<CellsProps> {
  override shouldComponentUpdate(next: CellsProps): boolean {
    const { row, frame, look, isSelected, isBaseline } = this.props;
    const isSame = row === next.row && isSelected === next.isSelected && isBaseline === next.isBaseline;
    return !isSame || !isSameLook(look, next.look) || !isSameFrame(frame, next.frame);
  }

  override render(): JSX.Element {
    const { row, frame, look, isSelected, isBaseline } = this.props;
    return (
      <>
        <SelectCell row={row} look={look} isSelected={isSelected} />
        {cellsOf(frame).map((at) => (
          <TableCell key={frame.columns[at]} row={row} at={at} frame={frame} isBaseline={isBaseline} />
        ))}
      </>
    );
  }
}

function isSameLook(a: RunColour | undefined, b: RunColour | undefined): boolean {
  return a?.stroke === b?.stroke && a?.dash.join() === b?.dash.join();
}

function isSameFrame(a: Frame, b: Frame): boolean {
  const isSeen = a.first === b.first && a.end === b.end && a.fixed === b.fixed && a.row === b.row;
  return isSeen && a.columns === b.columns && a.sizes === b.sizes;
}

/** The places of the columns that are drawn. */
export function cellsOf(frame: Frame): number[] {
  const places: number[] = [];
  for (let at = 0; at < frame.fixed; at += 1) places.push(at);
  for (let at = frame.first; at < frame.end; at += 1) places.push(at);
  return places;
}

/** Where a column stands: kept at its place, or along with the others. */
export function placeStyle(frame: Frame, at: number): Record<string, string> {
  const left = SELECT_WIDTH + (frame.offsets[at] ?? 0);
  const width = `${frame.sizes[at] ?? 0}px`;
  if (at < frame.fixed) return { width, insetInlineStart: `${left}px` };
  // What is not drawn before it leaves a gap.
  const isFirst = at === frame.first;
  const gap = isFirst ? (frame.offsets[at] ?? 0) - (frame.offsets[frame.fixed] ?? 0) : 0;
  return isFirst ? { width, marginInlineStart: `${gap}px` } : { width };
}

function SelectCell(props: { row: Row; look: RunColour | undefined; isSelected: boolean }): JSX.Element {
  const { look } = props;
  return (
    <div class="runs-cell runs-select" role="gridcell" aria-colindex={1}>
      <input
        type="checkbox"
        tabIndex={-1}
        checked={props.isSelected}
        aria-label={`Select ${props.row.name.slice(0, 80)}`}
        data-select={props.row.id}
      />
      <svg class="runs-colour" width="10" height="20" aria-hidden="true">
        {props.isSelected && look !== undefined && (
          <line x1="5" y1="2" x2="5" y2="18" stroke={look.stroke} stroke-width="4" stroke-dasharray={look.dash.join(" ")} />
        )}
      </svg>
    </div>
  );
}

function TableCell(props: { row: Row; at: number; frame: Frame; isBaseline: boolean }): JSX.Element {
  const { row, at, frame } = props;
  const column = frame.columns[at] ?? "";
  const kind = `runs-cell${at < frame.fixed ? " runs-fixed" : ""}${isNumeric(column) ? " runs-number" : ""}`;
  return (
    <div class={kind} role="gridcell" aria-colindex={at + 2} style={placeStyle(frame, at)}>
      <Content row={row} column={column} isBaseline={props.isBaseline} />
    </div>
  );
}

function Content(props: { row: Row; column: string; isBaseline: boolean }): JSX.Element | string {
  const { row, column } = props;
  if (column === ".state") return <RunStateBadge run={row as Pick<Run, "state" | "silent_s">} />;
  if (column === ".name") {
    return (
      <a class="cut runs-name" dir="auto" href={href(`/runs/${encodeURIComponent(row.id)}`)} tabIndex={-1} title={row.name.slice(0, 2_000)}>
        {props.isBaseline && <><span class="runs-mark">baseline</span>{" "}</>}
        {row.name.length > 200 ? `${row.name.slice(0, 200)}…` : row.name}
      </a>
    );
  }
  const value = valueOf(row, column);
  if ([".started", ".ended", ".created", ".heard"].includes(column)) {
    return typeof value === "string" ? <Time time={value} /> : "";
  }
  const text = cellText(value, column);
  if (text === "") return "";
  const isOdd = value === "NaN" || value === "Infinity" || value === "-Infinity";
  return (
    <span class={isOdd ? "cut runs-odd" : "cut"} dir="auto" title={wholeText(value).slice(0, 2_000)}>
      {text}
    </span>
  );
}
