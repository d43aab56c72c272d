/**
 * Runs as points: any number of theirs against any other.
 *
 * Invariants: a run without one of the two is not drawn, and counted; the front is of what is drawn.
 */
import { useSignal } from "@preact/signals";
import type { JSX } from "preact";

import { Switch } from "../parts";
import { colourOf } from "../state/colours";
import { CanvasChart, type Hit } from "./canvas-chart";
import { paintAxes } from "./plot-axes";
import { padded, rangeOf, scale, shortNumber, type Scale, type ScaleKind } from "./scale";
import { paretoFront, trendOf, type Goal, type Trend } from "./statistics";
import type { Surface } from "./surface";
import { theme } from "./theme";
import { runTitle, type RunRef } from "./types";

/** A run with its numbers. */
export interface RunValue {
  readonly run: RunRef;
  readonly x: number | null;
  readonly y: number | null;
}

export interface ScatterProps {
  readonly values: readonly RunValue[];
  readonly xName: string;
  readonly yName: string;
  /** What is better, for the Pareto front. */
  readonly xGoal?: Goal;
  readonly yGoal?: Goal;
  /** Whether the front is drawn at first. */
  readonly hasFront?: boolean;
  /** The columns that they are. */
  readonly columns?: readonly string[];
  readonly onOpen?: (run: RunRef) => void;
  readonly height?: number;
}

export function Scatter(props: ScatterProps): JSX.Element {
  const xLog = useSignal(false);
  const yLog = useSignal(false);
  const hasTrend = useSignal(true);
  const hasFront = useSignal(props.hasFront ?? false);
  const { xName, yName } = props;
  const kinds: Record<"x" | "y", ScaleKind> = { x: xLog.value ? "log" : "linear", y: yLog.value ? "log" : "linear" };
  const isDrawn = ({ x, y }: RunValue) =>
    x !== null && y !== null && Number.isFinite(x) && Number.isFinite(y) && (kinds.x === "linear" || x > 0) && (kinds.y === "linear" || y > 0);
  const drawn = props.values.filter(isDrawn);
  const xs = drawn.map(({ x }) => x as number);
  const ys = drawn.map(({ y }) => y as number);
  // On logarithmic axes a power law is a straight line.
  const turn = (values: number[], kind: ScaleKind) => (kind === "log" ? values.map(Math.log10) : values);
  const trend = trendOf(turn(xs, kinds.x), turn(ys, kinds.y));
  const front = paretoFront(xs, ys, props.xGoal ?? "min", props.yGoal ?? "min");
  const isOnFront = new Set(front);
  const missing = props.values.length - drawn.length;
  const drawing: Drawing = { props, drawn, xs, ys, kinds, trend: hasTrend.value ? trend : null, front: hasFront.value ? front : null };
  const told = trend === null ? "" : ` Correlation ${shortNumber(trend.correlation)} over ${trend.n} runs.`;
  return (
    <CanvasChart
      title={`${yName} by ${xName}`}
      summary={`${drawn.length} runs.${told} ${front.length} on the Pareto front.`}
      note={missing > 0 ? `${missing} ${missing === 1 ? "run has" : "runs have"} no place here.` : null}
      asked={{ runs: props.values.map(({ run }) => run.id), columns: props.columns ?? [xName, yName] }}
      height={props.height ?? 320}
      paint={(surface, width, height) => paintPoints(surface, width, height, drawing)}
      table={() => ({
        columns: ["run", xName, yName, "on the front"],
        rows: drawn.map(({ run, x, y }, index) => [runTitle(run), x, y, isOnFront.has(index) ? "yes" : "no"]),
      })}
    >
      <div class="chart-switches">
        <Switch label="log x" isOn={xLog.value} onChange={(is) => (xLog.value = is)} />
        <Switch label="log y" isOn={yLog.value} onChange={(is) => (yLog.value = is)} />
        <Switch label="Trend" isOn={hasTrend.value} onChange={(is) => (hasTrend.value = is)} />
        <Switch label="Pareto front" isOn={hasFront.value} onChange={(is) => (hasFront.value = is)} />
      </div>
    </CanvasChart>
  );
}

/** What is drawn: the runs that have a place, and what is told about them. */
interface Drawing {
  readonly props: ScatterProps;
  readonly drawn: readonly RunValue[];
  readonly xs: readonly number[];
  readonly ys: readonly number[];
  readonly kinds: Readonly<Record<"x" | "y", ScaleKind>>;
  readonly trend: Trend | null;
  readonly front: readonly number[] | null;
}

function paintPoints(surface: Surface, width: number, height: number, drawing: Drawing): readonly Hit[] {
  const { props, drawn, xs, ys, kinds, front } = drawing;
  const colors = theme();
  const bounds = { left: 62, top: 22, width: width - 78, height: height - 62 };
  const x = scale(kinds.x, padded(kinds.x, rangeOf(kinds.x, xs) ?? { from: 1, to: 2 }), bounds.left, bounds.left + bounds.width);
  const y = scale(kinds.y, padded(kinds.y, rangeOf(kinds.y, ys) ?? { from: 1, to: 2 }), bounds.top + bounds.height, bounds.top);
  paintAxes(surface, bounds, x, y, { x: props.xName, y: props.yName }, colors);
  if (drawing.trend !== null) {
    const ends = endsOf(drawing.trend, x, y);
    surface.clip(bounds.left, bounds.top, bounds.width, bounds.height, () => surface.line(ends, { stroke: colors.soft, dash: [6, 4], width: 1.5 }));
  }
  if (front !== null) {
    const steps = front.flatMap((index) => [x.of(xs[index] as number), y.of(ys[index] as number)]);
    surface.line(steps, { stroke: colors.accent, width: 2 });
  }
  return drawn.map(({ run }, index) => {
    const [px, py] = [x.of(xs[index] as number), y.of(ys[index] as number)];
    const look = colourOf(run.id);
    surface.marker(px, py, look.marker, front?.includes(index) ? 6 : 4.5, look.stroke);
    const text = `${runTitle(run)}: ${props.xName} ${shortNumber(xs[index] as number)}, ${props.yName} ${shortNumber(ys[index] as number)}`;
    return { x: px - 6, y: py - 6, width: 12, height: 12, text, ...(props.onOpen ? { open: () => props.onOpen?.(run) } : {}) };
  });
}

/** The trend from one side of the plot to the other. */
function endsOf(trend: Trend, x: Scale, y: Scale): number[] {
  return [x.range.from, x.range.to].flatMap((place) => {
    const value = trend.offset + trend.slope * (x.kind === "log" ? Math.log10(place) : place);
    return [x.of(place), y.of(y.kind === "log" ? 10 ** value : value)];
  });
}
