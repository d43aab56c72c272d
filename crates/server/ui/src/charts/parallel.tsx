/**
 * Runs as lines through the axes in which they differ.
 *
 * Invariants: an axis on which all runs agree is not drawn; texts have an axis of their own words; what is brushed is
 * told, so that the table shows the same runs.
 */
import { useSignal } from "@preact/signals";
import type { JSX } from "preact";

import { Button, Switch } from "../parts";
import { CanvasChart, type Hit } from "./canvas-chart";
import { axesOf, brushOf, isWithin, placeOf, type AxisInput, type Brush, type ParallelAxis } from "./parallel-axes";
import { shortNumber } from "./scale";
import type { Goal } from "./statistics";
import type { Surface } from "./surface";
import { shade, theme } from "./theme";
import { runTitle, type RunRef } from "./types";

export interface ParallelProps {
  readonly runs: readonly RunRef[];
  /** A value of each run, in the order of the runs. */
  readonly axes: readonly AxisInput[];
  /** The axis whose values give the colours: yellow is best. */
  readonly goal?: { readonly axis: string; readonly direction: Goal };
  /** The runs that are within all brushes, and the brushes; null without any. */
  readonly onBrush?: (brushes: readonly Brush[], runs: readonly RunRef[] | null) => void;
  /** The columns that the axes are. */
  readonly columns?: readonly string[];
  readonly onOpen?: (run: RunRef) => void;
  readonly height?: number;
}

const TOP = 40;
const BOTTOM = 24;

/** What the axes are drawn from. */
interface Drawn {
  readonly props: ParallelProps;
  readonly axes: readonly ParallelAxis[];
  readonly brushes: readonly Brush[];
  readonly isKept: (row: number) => boolean;
}

export function ParallelCoordinates(props: ParallelProps): JSX.Element {
  const order = useSignal<readonly string[]>([]);
  const logs = useSignal<ReadonlySet<string>>(new Set());
  const brushes = useSignal<readonly Brush[]>([]);
  const height = props.height ?? 340;
  const axes = axesOf(props.axes, logs.value, order.value);
  const names = axes.map(({ name }) => name);
  const size = { width: 0 };
  const drawn: Drawn = { props, axes, brushes: brushes.value, isKept: (row) => brushes.value.every((brush) => isWithin(axes, brush, row)) };
  const tell = (next: readonly Brush[]) => {
    brushes.value = next;
    const within = props.runs.filter((_, row) => next.every((brush) => isWithin(axes, brush, row)));
    props.onBrush?.(next, next.length === 0 ? null : within);
  };
  const onDrag = (from: Place, to: Place, isDone: boolean) => {
    const pulled = pullOf(axes, from, to, size.width, height);
    if (pulled === null) return;
    if ("to" in pulled) {
      if (isDone) order.value = moved(names, pulled.name, pulled.to);
      return;
    }
    const others = brushes.value.filter(({ name }) => name !== pulled.name);
    const next = pulled.brush === null ? others : [...others, pulled.brush];
    if (isDone) tell(next);
    else brushes.value = next;
  };
  const kept = props.runs.filter((_, row) => drawn.isKept(row)).length;
  return (
    <CanvasChart
      title="Parallel coordinates"
      summary={`${kept} of ${props.runs.length} runs over ${axes.length} axes in which they differ: ${names.join(", ")}.`}
      note={axes.length === 0 ? "These runs do not differ in anything." : null}
      height={height}
      asked={{ runs: props.runs.map(({ id }) => id), columns: props.columns ?? names }}
      paint={(surface, width, canvasHeight) => {
        size.width = width;
        return paintRuns(surface, width, canvasHeight, drawn);
      }}
      onDrag={onDrag}
      table={() => ({
        columns: ["run", ...names],
        rows: props.runs.map((run, row) => [runTitle(run), ...axes.map((axis) => axis.values[row] ?? null)]),
      })}
    >
      <AxisControls
        axes={axes}
        logs={logs.value}
        hasBrush={brushes.value.length > 0}
        onLog={(name, is) => (logs.value = new Set([...[...logs.value].filter((other) => other !== name), ...(is ? [name] : [])]))}
        onMove={(name, to) => (order.value = moved(names, name, to))}
        onClear={() => tell([])}
      />
    </CanvasChart>
  );
}

interface Place {
  readonly x: number;
  readonly y: number;
}

/** Where an axis stands. */
function xOf(index: number, count: number, width: number): number {
  return 60 + (count < 2 ? 0 : (index * (width - 120)) / (count - 1));
}

/** What a pull means: an axis that is moved by its name, or a brush along it; null without axes. */
function pullOf(
  axes: readonly ParallelAxis[],
  from: Place,
  to: Place,
  width: number,
  height: number,
): { name: string; to: number } | { name: string; brush: Brush | null } | null {
  const distance = (index: number, x: number) => Math.abs(xOf(index, axes.length, width) - x);
  const nearest = (x: number) => axes.reduce((best, _, index) => (distance(index, x) < distance(best, x) ? index : best), 0);
  const axis = axes[nearest(from.x)];
  if (axis === undefined) return null;
  if (from.y < TOP - 4) return { name: axis.name, to: nearest(to.x) };
  const share = (y: number) => Math.max(0, Math.min(1, 1 - (y - TOP) / (height - TOP - BOTTOM)));
  const [low, high] = [Math.min(share(from.y), share(to.y)), Math.max(share(from.y), share(to.y))];
  return { name: axis.name, brush: high - low < 0.01 ? null : brushOf(axis, low, high) };
}

function paintRuns(surface: Surface, width: number, height: number, { props, axes, brushes, isKept }: Drawn): readonly Hit[] {
  const colors = theme();
  const goal = axes.find(({ name }) => name === props.goal?.axis);
  const colorOf = (row: number) => {
    if (goal === undefined) return colors.accent;
    const share = placeOf(goal, row);
    const good = props.goal?.direction === "min" ? 1 - share : share;
    // The ends of the scale that are hardly seen on this ground are left out.
    return shade(colors.isDark ? 0.2 + 0.8 * good : 0.9 * good);
  };
  const hits: Hit[] = [];
  const x = (index: number) => xOf(index, axes.length, width);
  const y = (share: number) => TOP + (1 - share) * (height - TOP - BOTTOM);
  const rows = props.runs.map((_, row) => row).sort((left, right) => Number(isKept(left)) - Number(isKept(right)));
  for (const row of rows) {
    const points = axes.flatMap((axis, index) => [x(index), y(placeOf(axis, row))]);
    surface.line(points, { stroke: isKept(row) ? colorOf(row) : colors.axis, width: isKept(row) ? 1.5 : 1, opacity: isKept(row) ? 0.8 : 0.15 });
    const run = props.runs[row] as RunRef;
    const last = points[points.length - 1] as number;
    if (!isKept(row) || Number.isNaN(last)) continue;
    hits.push({ x: x(axes.length - 1) - 4, y: last - 3, width: 8, height: 6, text: wordsOf(run, axes, row), ...(props.onOpen ? { open: () => props.onOpen?.(run) } : {}) });
  }
  axes.forEach((axis, index) => paintAxis(surface, axis, x(index), y, brushes.find(({ name }) => name === axis.name), width / axes.length));
  return hits;
}

/** The same by the keyboard: axes are moved and turned by buttons. */
function AxisControls(props: {
  axes: readonly ParallelAxis[];
  logs: ReadonlySet<string>;
  hasBrush: boolean;
  onLog: (name: string, is: boolean) => void;
  onMove: (name: string, to: number) => void;
  onClear: () => void;
}): JSX.Element {
  return (
    <details class="chart-switches">
      <summary>Axes</summary>
      {props.axes.map((axis, index) => (
        <span key={axis.name} class="chart-axis-control">
          <span class="cut" dir="auto">
            {axis.name.slice(0, 40)}
          </span>
          <Button kind="quiet" title={`Move ${axis.name} to the left`} disabled={index === 0} onClick={() => props.onMove(axis.name, index - 1)}>
            ←
          </Button>
          <Button kind="quiet" title={`Move ${axis.name} to the right`} disabled={index === props.axes.length - 1} onClick={() => props.onMove(axis.name, index + 1)}>
            →
          </Button>
          {axis.canLog && <Switch label="log" isOn={props.logs.has(axis.name)} onChange={(is) => props.onLog(axis.name, is)} />}
        </span>
      ))}
      {props.hasBrush && <Button onClick={props.onClear}>Take the brushes away</Button>}
    </details>
  );
}

/** The names with one of them at another place. */
export function moved(names: readonly string[], name: string, to: number): string[] {
  const others = names.filter((other) => other !== name);
  return [...others.slice(0, to), name, ...others.slice(to)];
}

function wordsOf(run: RunRef, axes: readonly ParallelAxis[], row: number): string {
  const told = axes.slice(0, 12).map(({ name, values }) => {
    const value = values[row];
    return `${name} ${typeof value === "number" ? shortNumber(value) : (value ?? "none")}`;
  });
  return `${runTitle(run)}: ${told.join(", ")}`;
}

function paintAxis(surface: Surface, axis: ParallelAxis, x: number, y: (share: number) => number, brush: Brush | undefined, room: number): void {
  const colors = theme();
  surface.line([x, y(0), x, y(1)], { stroke: colors.axis, width: 1.5 });
  const most = Math.max(4, Math.floor(room / 6.5));
  const name = axis.name.length > most ? `${axis.name.slice(0, most - 1)}…` : axis.name;
  surface.text(x, 12, name, { fill: colors.text, align: "center", isBold: true });
  for (const { share, text } of axis.ticks) {
    surface.line([x - 3, y(share), x + 3, y(share)], { stroke: colors.axis });
    const short = text.slice(0, 16);
    // The lines go through here, too: a ground of its own lets the text be read.
    surface.rect(x + 4, y(share) - 7, 4 + 5.8 * short.length, 13, { fill: colors.ground, opacity: 0.8 });
    surface.text(x + 6, y(share), short, { fill: colors.text, size: 10 });
  }
  if (brush !== undefined) surface.rect(x - 6, y(brush.high), 12, y(brush.low) - y(brush.high), { fill: colors.accent, opacity: 0.35 });
}
