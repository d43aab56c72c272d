/**
 * The picture of figures over time: axes, marks, the stretch under the pointer, and the pull that picks stretches.
 *
 * Invariant: a pull that ends where it began picks nothing.
 */
import type { JSX } from "preact";
import { useState } from "preact/hooks";

import { across, stretchAt, type ChartSeries, type Mark, type Pattern, type PlotBox } from "./chart-shape";
import type { TimeChartProps } from "./time-chart";

const LINES: Record<Pattern, string> = {
  hatch: "M-1 1l2 -2M0 6l6 -6M5 7l2 -2",
  back: "M-1 5l2 2M0 0l6 6M5 -1l2 2",
  cross: "M0 0l6 6M6 0l-6 6",
  dots: "M3 3h.01",
};

/** A pattern for each series that has one, in its colour. */
export function Patterns(props: { id: string; series: readonly ChartSeries[] }): JSX.Element {
  return (
    <defs>
      {props.series.map(({ name, pattern, colour }, at) =>
        pattern === null ? null : (
          <pattern key={name} id={`${props.id}-${at}`} width="6" height="6" patternUnits="userSpaceOnUse" style={{ color: colour }}>
            <rect width="6" height="6" fill="currentColor" opacity="0.35" />
            <path d={LINES[pattern]} fill="none" stroke="currentColor" stroke-width={pattern === "dots" ? 3 : 1.6} stroke-linecap="round" />
          </pattern>
        ),
      )}
    </defs>
  );
}

/** What fills the bars of a series. */
export function fillOf(id: string, series: ChartSeries | undefined, at: number): string {
  return series === undefined || series.pattern === null ? (series?.colour ?? "none") : `url(#${id}-${at})`;
}

interface Pull {
  readonly from: number;
  readonly to: number;
}

export function Plot(
  props: TimeChartProps & {
    plot: PlotBox;
    marks: readonly Mark[];
    ticks: readonly number[];
    id: string;
    cursor: number | null;
    onCursor: (at: number | null) => void;
  },
): JSX.Element {
  const { plot, edges } = props;
  const [pull, setPull] = useState<Pull | null>(null);
  const at = (event: PointerEvent): number =>
    stretchAt(event.clientX - (event.currentTarget as Element).getBoundingClientRect().left + plot.left, edges, plot);
  const band = (first: number, last: number): { x: number; width: number } => {
    const x = across(edges[Math.min(first, last)] ?? 0, edges, plot);
    return { x, width: Math.max(1, across(edges[Math.max(first, last) + 1] ?? 0, edges, plot) - x) };
  };
  return (
    <g>
      <Axes {...props} />
      {props.cursor !== null && <rect {...band(props.cursor, props.cursor)} y={plot.top} height={plot.height} class="analytics-cursor" />}
      {props.marks.map(({ series, path, dots }) => {
        const known = props.series[series];
        return props.kind === "bars" ? (
          <path key={series} d={path} fill={fillOf(props.id, known, series)} />
        ) : (
          <g key={series} stroke={known?.colour}>
            <path d={path} stroke-dasharray={known?.dash ?? undefined} class="analytics-line" />
            <path d={dots} class="analytics-dots" />
          </g>
        );
      })}
      {pull !== null && <rect {...band(pull.from, pull.to)} y={plot.top} height={plot.height} class="analytics-pull" />}
      <rect
        x={plot.left}
        y={plot.top}
        width={plot.width}
        height={plot.height}
        fill="transparent"
        class="analytics-catch"
        onPointerDown={(event) => {
          event.currentTarget.setPointerCapture(event.pointerId);
          setPull({ from: at(event), to: at(event) });
        }}
        onPointerMove={(event) => {
          props.onCursor(at(event));
          if (pull !== null) setPull({ ...pull, to: at(event) });
        }}
        onPointerUp={() => {
          if (pull !== null && pull.from !== pull.to) props.onPick?.(Math.min(pull.from, pull.to), Math.max(pull.from, pull.to));
          else if (pull !== null) props.onOpen?.(pull.from);
          setPull(null);
        }}
        onPointerCancel={() => setPull(null)}
        onPointerLeave={() => props.onCursor(null)}
      />
    </g>
  );
}

function Axes(props: TimeChartProps & { plot: PlotBox; ticks: readonly number[] }): JSX.Element {
  const { plot, edges } = props;
  const count = edges.length - 1;
  const every = Math.max(1, Math.ceil(count / Math.max(1, Math.floor(plot.width / 110))));
  const labels = edges.slice(0, -1).flatMap((edge, at) => (at % every === 0 ? [{ edge, at }] : []));
  return (
    <g>
      {props.ticks.map((tick) => {
        const y = plot.top + plot.height - (tick / plot.maximum) * plot.height;
        return (
          <g key={tick}>
            <line x1={plot.left} x2={plot.left + plot.width} y1={y} y2={y} class="analytics-grid" />
            <text x={plot.left - 8} y={y + 4} class="analytics-tick" text-anchor="end">
              {props.format(tick)}
            </text>
          </g>
        );
      })}
      {labels.map(({ edge, at }) => (
        <text key={edge} x={across(edge, edges, plot)} y={plot.top + plot.height + 18} class="analytics-tick">
          {props.stretch(at)}
        </text>
      ))}
    </g>
  );
}
