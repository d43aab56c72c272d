/**
 * Lines of one metric over runs: true extremes, smoothing, a crosshair that other charts share.
 *
 * Invariants: zooming asks for the same number of places of a smaller part, so nothing is left out by chance; hiding one
 * run moves no other; what is drawn, said, and saved is the same.
 */
import { useComputed, useSignal } from "@preact/signals";
import type { JSX } from "preact";

import { looksOf } from "../state/colours";
import { Legend, Readings } from "./legend";
import { endsWidth, EXTREMES_MAX } from "./line-labels";
import { nearestRow, type Line } from "./line-model";
import { paintLines, type Bounds, type StyledLine } from "./line-paint";
import { rangeOfPlaces, rangeOfValues } from "./line-range";
import { summaryOf, tableOfLines } from "./line-words";
import { ChartFrame } from "./frame";
import { axisTitle, type ChartOptions } from "./options";
import { Plot } from "./plot";
import { paintAxes } from "./plot-axes";
import { scale, type Range } from "./scale";
import type { Surface } from "./surface";
import { theme } from "./theme";
import { runTitle, type RunRef } from "./types";
import type { ComponentChildren } from "preact";

export interface LineChartProps {
  readonly metric: string;
  readonly runs: readonly RunRef[];
  readonly lines: readonly Line[];
  readonly options: ChartOptions;
  readonly onZoom: (range: Range | null) => void;
  readonly height?: number;
  readonly syncKey?: string;
  readonly isLoading?: boolean;
  readonly actions?: ComponentChildren;
  readonly onWidth?: (width: number) => void;
  readonly title?: string;
}

/** What the crosshair is at. */
export interface CursorPlace {
  readonly x: number;
  readonly y: number;
  readonly left: number;
  readonly top: number;
  readonly isOwn: boolean;
}

const NOWHERE: Range = { from: 0, to: 1 };

/** The lines with their looks; those of hidden runs are left out. */
export function styledLines(lines: readonly Line[], runs: readonly RunRef[], hidden: ReadonlySet<string>): StyledLine[] {
  const byId = new Map(runs.map((run) => [run.id, run]));
  // Of all runs: those that are hidden or have no line change nothing about the others.
  const looks = looksOf([...byId.keys()]);
  return lines.flatMap((line) => {
    const [run, look] = [byId.get(line.run), looks.get(line.run)];
    return run === undefined || look === undefined || hidden.has(run.id) ? [] : [{ line, look, name: runTitle(run) }];
  });
}

export function LineChart(props: LineChartProps): JSX.Element {
  const { metric, runs, options } = props;
  const hidden = useSignal<ReadonlySet<string>>(new Set());
  const cursor = useSignal<CursorPlace | null>(null);
  const pointed = useSignal<string | null>(null);
  const colors = theme();
  const styled = styledLines(props.lines, runs, hidden.value);
  const seen = styled.map(({ line }) => line);
  const whole = rangeOfPlaces(seen, options.xScale);
  const xRange = wide(options.zoom ?? whole ?? NOWHERE);
  // Labels above the highest and below the lowest point need room.
  const room = styled.length <= EXTREMES_MAX ? 0.1 : 0.05;
  const yRange = rangeOfValues(seen, xRange, options.yScale, options.isClipped, room) ?? (options.yScale === "log" ? { from: 0.1, to: 10 } : NOWHERE);
  const highlighted = useComputed(() => pointed.value);
  const paint = (surface: Surface, x: ReturnType<typeof scale>, y: ReturnType<typeof scale>, bounds: Bounds) =>
    paintLines(surface, styled, x, y, bounds, {
      hasEnvelope: true,
      highlighted: highlighted.value,
      hasLabels: true,
      textColor: colors.soft,
      background: colors.ground,
    });
  return (
    <ChartFrame
      title={props.title ?? metric}
      summary={summaryOf(styled, metric, xRange)}
      table={() => tableOfLines(styled, axisTitle(options.x))}
      paint={(surface, width, height) => paintWhole(surface, width, height, styled, props, xRange, yRange)}
      asked={{ runs: runs.map(({ id }) => id), metric, ...(options.x === "step" && options.zoom ? options.zoom : {}) }}
      actions={props.actions}
      isLoading={props.isLoading ?? false}
      note={noteOf(props, styled)}
    >
      <div class="chart-body">
        <Plot
          label={`${metric}. ${styled.length} lines. Arrow keys move the crosshair, plus and minus zoom.`}
          height={props.height ?? 240}
          x={options.x}
          xRange={xRange}
          yRange={yRange}
          xScale={options.xScale}
          yScale={options.yScale}
          colors={colors}
          rightRoom={endsWidth(styled)}
          {...(props.syncKey === undefined ? {} : { syncKey: props.syncKey })}
          {...(props.onWidth === undefined ? {} : { onWidth: props.onWidth })}
          paint={paint}
          onCursor={(place) => {
            cursor.value = place;
            pointed.value = place !== null && place.isOwn && styled.length > 1 ? nearestRun(styled, place, yRange) : null;
          }}
          onZoom={props.onZoom}
          onReset={() => props.onZoom(null)}
          neighbour={(x, way) => neighbourOf(seen, x, way)}
        />
        <Readings styled={styled} cursor={cursor} x={options.x} />
      </div>
      <Legend runs={runs} hidden={hidden} pointed={pointed} />
    </ChartFrame>
  );
}

/** A single place gets room on both sides. */
function wide(range: Range): Range {
  return range.from < range.to ? range : { from: range.from - 0.5, to: range.to + 0.5 };
}

function noteOf(props: LineChartProps, styled: readonly StyledLine[]): string | null {
  if (styled.length > 0 || props.isLoading) return null;
  return props.lines.length === 0 ? "No points here yet." : null;
}

/** The run whose line is nearest to the pointer. */
function nearestRun(styled: readonly StyledLine[], place: CursorPlace, yRange: Range): string | null {
  let best: string | null = null;
  let distance = (yRange.to - yRange.from) * 0.08;
  for (const { line } of styled) {
    const row = nearestRow(line, place.x);
    const value = row < 0 ? Number.NaN : (line.smooth?.[row] ?? (line.mean[row] as number));
    if (Math.abs(value - place.y) < distance) [best, distance] = [line.run, Math.abs(value - place.y)];
  }
  return best;
}

/** The next place to the left or the right at which any line has a point. */
export function neighbourOf(lines: readonly Line[], x: number, way: -1 | 1): number | null {
  let best: number | null = null;
  for (const line of lines) {
    let row = nearestRow(line, x);
    while (row >= 0 && row < line.rows && ((line.to[row] as number) - x) * way <= 1e-9) row += way;
    const place = line.to[row];
    if (place !== undefined && row >= 0 && (best === null || (place - best) * way < 0)) best = place;
  }
  return best;
}

/** The whole chart with its axes and names, for a file. */
function paintWhole(
  surface: Surface,
  width: number,
  height: number,
  styled: readonly StyledLine[],
  { metric, options }: LineChartProps,
  xRange: Range,
  yRange: Range,
): void {
  const colors = theme();
  const shown = styled.slice(0, 12);
  const legend = 18 * Math.ceil(shown.length / 3) + 8;
  const bounds = { left: 64, top: 30, width: width - 64 - Math.max(24, endsWidth(styled)), height: height - 30 - 40 - legend };
  const x = scale(options.xScale, xRange, bounds.left, bounds.left + bounds.width);
  const y = scale(options.yScale, yRange, bounds.top + bounds.height, bounds.top);
  surface.text(bounds.left, 14, metric.slice(0, 120), { fill: colors.text, size: 14, isBold: true });
  paintAxes(surface, bounds, x, y, { x: options.x }, colors);
  paintLines(surface, styled, x, y, bounds, { hasEnvelope: true, highlighted: null, hasLabels: true, textColor: colors.soft, background: colors.ground });
  shown.forEach(({ look, name }, index) => {
    const left = bounds.left + (index % 3) * (bounds.width / 3);
    const top = height - legend + 18 * Math.floor(index / 3) + 8;
    surface.line([left, top, left + 24, top], { stroke: look.stroke, width: 2, dash: look.dash });
    surface.marker(left + 12, top, look.marker, 3, look.stroke);
    surface.text(left + 30, top, name.slice(0, 40), { fill: colors.text });
  });
}
