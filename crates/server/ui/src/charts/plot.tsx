/**
 * A plot with two axes: uPlot gives axes, crosshair and selection; what is plotted is painted by the caller, by the same
 * code that writes files.
 *
 * Invariants: a new paint costs one frame and no layout; charts of one group show the crosshair at the same place; with
 * reduced motion nothing moves by itself.
 */
import type { JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";

import type { AxisName } from "./options";
import type { Bounds } from "./line-paint";
import { axisText, axisTicks, axisWidth } from "./plot-axes";
import { scale, shortNumber, ticks, type Range, type Scale, type ScaleKind } from "./scale";
import { CanvasSurface, FONT, type Surface } from "./surface";
import type { Theme } from "./theme";

export interface PlotProps {
  readonly label: string;
  readonly height: number;
  readonly x: AxisName;
  readonly xRange: Range;
  readonly yRange: Range;
  readonly xScale: ScaleKind;
  readonly yScale: ScaleKind;
  readonly colors: Theme;
  /** Charts of one name share a crosshair. */
  readonly syncKey?: string;
  readonly rightRoom?: number;
  readonly paint: (surface: Surface, x: Scale, y: Scale, bounds: Bounds) => void;
  /** The place of the crosshair, and where it is in pixels; null when there is none. */
  readonly onCursor?: (cursor: { x: number; y: number; left: number; top: number; isOwn: boolean } | null) => void;
  readonly onZoom?: (range: Range) => void;
  readonly onReset?: () => void;
  readonly onWidth?: (width: number) => void;
  /** The place left or right of another, for the arrow keys. */
  readonly neighbour?: (x: number, way: -1 | 1) => number | null;
}

export function Plot(props: PlotProps): JSX.Element {
  const box = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const newest = useRef(props);
  newest.current = props;
  const { xScale, yScale, x, syncKey, colors, height } = props;

  useEffect(() => {
    const target = box.current;
    if (target === null) return undefined;
    const made = new uPlot(settings(newest, Math.max(120, target.clientWidth)), dataOf(newest.current), target);
    plot.current = made;
    newest.current.onWidth?.(target.clientWidth);
    const observer = new ResizeObserver(() => {
      const width = target.clientWidth;
      if (width > 0 && width !== made.width) {
        made.setSize({ width, height: newest.current.height });
        newest.current.onWidth?.(width);
      }
    });
    observer.observe(target);
    return () => {
      observer.disconnect();
      made.destroy();
      plot.current = null;
    };
  }, [xScale, yScale, x, syncKey, colors, height]);

  useEffect(() => {
    // Also where the ranges stayed: what is painted may be new.
    plot.current?.setData(dataOf(props));
  });

  return (
    <div
      ref={box}
      class="chart-plot"
      role="application"
      aria-roledescription="chart"
      aria-label={props.label}
      tabIndex={0}
      onKeyDown={(event) => plot.current && onKey(event, plot.current, newest.current)}
      onDblClick={() => props.onReset?.()}
    />
  );
}

/** uPlot wants points; the corners of the plot stand for them. */
function dataOf({ xRange, yRange }: PlotProps): uPlot.AlignedData {
  return [
    [xRange.from, xRange.to],
    [yRange.from, yRange.to],
  ];
}

type Newest = { readonly current: PlotProps };

function settings(newest: Newest, width: number): uPlot.Options {
  const { colors, height, xScale, yScale, syncKey } = newest.current;
  const font = `11px ${FONT}`;
  const look = { stroke: colors.soft, font, grid: { stroke: colors.grid, width: 1 }, ticks: { show: false } };
  const cursor: uPlot.Cursor = {
    points: { show: false },
    drag: { x: true, y: false, setScale: false },
    focus: { prox: 1e6 },
    ...(syncKey === undefined ? {} : { sync: { key: syncKey, scales: ["x", null] } }),
  };
  return {
    width,
    height,
    padding: [10, () => newest.current.rightRoom ?? 20, 0, 0],
    legend: { show: false },
    cursor,
    scales: {
      x: { time: false, distr: xScale === "log" ? 3 : 1, range: () => [newest.current.xRange.from, newest.current.xRange.to] },
      y: { distr: yScale === "log" ? 3 : 1, range: () => [newest.current.yRange.from, newest.current.yRange.to] },
    },
    series: [{}, { paths: () => null, points: { show: false } }],
    axes: [
      {
        ...look,
        size: 30,
        splits: (plot) => axisTicks(newest.current.x, xScale, newest.current.xRange, Math.max(2, plot.width / 75)),
        values: (_, splits) => splits.map((split) => axisText(newest.current.x, split, newest.current.xRange)),
      },
      {
        ...look,
        size: (_, values) => axisWidth(values ?? []),
        splits: () => ticks(yScale, newest.current.yRange, Math.max(2, height / 45)),
        values: (_, splits) => splits.map(shortNumber),
      },
    ],
    hooks: hooksOf(newest),
  };
}

function hooksOf(newest: Newest): uPlot.Hooks.Arrays {
  return {
    draw: [
      (plot) => {
        const ratio = uPlot.pxRatio;
        const bounds = {
          left: plot.bbox.left / ratio,
          top: plot.bbox.top / ratio,
          width: plot.bbox.width / ratio,
          height: plot.bbox.height / ratio,
        };
        const { xRange, yRange, xScale, yScale, paint } = newest.current;
        const x = scale(xScale, xRange, bounds.left, bounds.left + bounds.width);
        const y = scale(yScale, yRange, bounds.top + bounds.height, bounds.top);
        plot.ctx.save();
        plot.ctx.scale(ratio, ratio);
        paint(new CanvasSurface(plot.ctx), x, y, bounds);
        plot.ctx.restore();
      },
    ],
    setCursor: [
      (plot) => {
        const { left = -1, top = -1 } = plot.cursor;
        const isOwn = plot.cursor.event !== null && plot.cursor.event !== undefined;
        if (left < 0) newest.current.onCursor?.(null);
        else newest.current.onCursor?.({ x: plot.posToVal(left, "x"), y: plot.posToVal(top, "y"), left, top, isOwn });
      },
    ],
    setSelect: [
      (plot) => {
        const { left, width } = plot.select;
        if (width < 4) return;
        const range = { from: plot.posToVal(left, "x"), to: plot.posToVal(left + width, "x") };
        plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
        newest.current.onZoom?.(range);
      },
    ],
  };
}

/** Moves the crosshair, here and in the charts of the group: uPlot can, and its types do not say so. */
function publish(plot: uPlot, left: number, top: number): void {
  const move = plot.setCursor as (place: { left: number; top: number }, isTold: boolean, isShared: boolean) => void;
  move({ left, top }, true, true);
}

/** Arrow keys move the crosshair from point to point, + and - zoom around it, Escape takes it away. */
function onKey(event: KeyboardEvent, plot: uPlot, props: PlotProps): void {
  const way = event.key === "ArrowLeft" ? -1 : event.key === "ArrowRight" ? 1 : 0;
  const { left = -1 } = plot.cursor;
  const here = left < 0 ? (props.xRange.from + props.xRange.to) / 2 : plot.posToVal(left, "x");
  const show = (x: number) => publish(plot, plot.valToPos(x, "x"), plot.over.clientHeight / 2);
  if (way !== 0) {
    let to: number | null = here;
    for (let count = event.shiftKey ? 10 : 1; count > 0 && to !== null; count -= 1) to = props.neighbour?.(to, way) ?? null;
    if (to !== null) show(to);
  } else if (event.key === "Home") show(props.xRange.from);
  else if (event.key === "End") show(props.xRange.to);
  else if (event.key === "Escape") publish(plot, -10, -10);
  else if (event.key === "+" || event.key === "-") {
    const share = event.key === "+" ? 0.25 : 1;
    const length = (props.xRange.to - props.xRange.from) * share;
    props.onZoom?.({ from: here - length, to: here + length });
  } else return;
  event.preventDefault();
}
