/**
 * A chart that is painted whole, with parts that can be pointed at, walked through by arrow keys and opened.
 *
 * Invariants: what is on the screen is painted by the same code as the file; every part that has words says them to the
 * pointer, the keyboard and a screen reader alike.
 */
import { useSignal } from "@preact/signals";
import type { ComponentChildren, JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";

import { announce } from "../parts";
import { ChartFrame } from "./frame";
import type { Asked, AskedRuns } from "./exports";
import type { DataTable } from "./line-words";
import { CanvasSurface, type Surface } from "./surface";
import { theme } from "./theme";

/** A part of a chart that says something. */
export interface Hit {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
  readonly text: string;
  readonly open?: () => void;
}

export interface CanvasChartProps {
  readonly title: string;
  readonly summary: string;
  readonly table: () => DataTable;
  readonly height?: number;
  /** Paints it and tells its parts. */
  readonly paint: (surface: Surface, width: number, height: number) => readonly Hit[];
  readonly asked?: Asked | AskedRuns;
  readonly actions?: ComponentChildren;
  readonly children?: ComponentChildren;
  readonly isLoading?: boolean;
  readonly note?: string | null;
  /** Dragging on it, from where it began to where it is; `isDone` with the last. */
  readonly onDrag?: (from: { x: number; y: number }, to: { x: number; y: number }, isDone: boolean) => void;
}

export function CanvasChart(props: CanvasChartProps): JSX.Element {
  return (
    <ChartFrame
      title={props.title}
      summary={props.summary}
      table={props.table}
      paint={(surface, width, height) => {
        surface.text(16, 16, props.title.slice(0, 100), { fill: theme().text, size: 14, isBold: true });
        props.paint(shifted(surface, 30), width, height - 36);
      }}
      isLoading={props.isLoading ?? false}
      note={props.note ?? null}
      {...(props.asked === undefined ? {} : { asked: props.asked })}
      {...(props.actions === undefined ? {} : { actions: props.actions })}
    >
      <Painted {...props} />
      {props.children}
    </ChartFrame>
  );
}

/** The same surface with everything further down. */
function shifted(surface: Surface, down: number): Surface {
  const pairs = (points: ArrayLike<number>) => Array.from(points, (value, index) => (index % 2 === 1 ? value + down : value));
  return {
    line: (points, style) => surface.line(pairs(points), style),
    area: (points, style) => surface.area(pairs(points), style),
    rect: (x, y, width, height, style) => surface.rect(x, y + down, width, height, style),
    marker: (x, y, shape, size, color) => surface.marker(x, y + down, shape, size, color),
    text: (x, y, text, style) => surface.text(x, y + down, text, style),
    clip: (x, y, width, height, draw) => surface.clip(x, y + down, width, height, draw),
  };
}

function Painted(props: CanvasChartProps): JSX.Element {
  const canvas = useRef<HTMLCanvasElement>(null);
  const hits = useRef<readonly Hit[]>([]);
  const begun = useRef<{ x: number; y: number } | null>(null);
  const at = useSignal<number | null>(null);
  const width = useParentWidth(canvas);
  const height = props.height ?? 260;
  useEffect(() => {
    if (canvas.current !== null && width > 0) hits.current = paintOn(canvas.current, width, height, props.paint);
  });
  const hit = at.value === null ? undefined : hits.current[at.value];
  return (
    <div class="chart-body">
      <canvas
        ref={canvas}
        class="chart-canvas"
        role="application"
        aria-roledescription="chart"
        aria-label={`${props.title}. ${props.summary.slice(0, 300)} Arrow keys walk through its parts.`}
        tabIndex={0}
        height={height}
        onPointerDown={(event) => {
          if (props.onDrag === undefined) return;
          begun.current = placeOf(event);
          event.currentTarget.setPointerCapture(event.pointerId);
        }}
        onPointerMove={(event) => {
          const place = placeOf(event);
          if (begun.current !== null) return props.onDrag?.(begun.current, place, false);
          at.value = hitAt(hits.current, place.x, place.y);
        }}
        onPointerUp={(event) => {
          if (begun.current !== null) props.onDrag?.(begun.current, placeOf(event), true);
          begun.current = null;
        }}
        onPointerLeave={() => (at.value = null)}
        onClick={() => hit?.open?.()}
        onKeyDown={(event) => {
          if (event.key === "Enter") hit?.open?.();
          else {
            const to = partAfter(event.key, at.value, hits.current.length);
            if (to === undefined) return;
            at.value = to;
            if (to !== null) announce(hits.current[to]?.text ?? "");
          }
          event.preventDefault();
        }}
      />
      {hit !== undefined && <Pointed hit={hit} width={width} height={height} />}
    </div>
  );
}

/** How wide the box of an element is. */
function useParentWidth(element: { readonly current: HTMLElement | null }): number {
  const width = useSignal(0);
  useEffect(() => {
    const target = element.current?.parentElement;
    if (!target) return undefined;
    const measure = () => (width.value = target.clientWidth);
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(target);
    return () => observer.disconnect();
  }, []);
  return width.value;
}

/** Where the canvas is as wide as its box, pixels of the pointer are those of the paint. */
function placeOf(event: PointerEvent): { x: number; y: number } {
  const box = (event.currentTarget as HTMLElement).getBoundingClientRect();
  return { x: event.clientX - box.left, y: event.clientY - box.top };
}

/** The part that a key goes to: none with Escape; undefined for a key that goes nowhere. */
export function partAfter(key: string, at: number | null, count: number): number | null | undefined {
  if (key === "Escape") return null;
  const way = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[key];
  if (way === undefined || count === 0) return undefined;
  if (at === null) return way === 1 ? 0 : count - 1;
  return (at + way + count) % count;
}

/** The part that is pointed at, with its words. */
function Pointed({ hit, width, height }: { hit: Hit; width: number; height: number }): JSX.Element {
  return (
    <>
      <svg class="chart-hit" width={width} height={height} aria-hidden="true">
        <rect x={hit.x - 1} y={hit.y - 1} width={hit.width + 2} height={hit.height + 2} fill="none" stroke={theme().accent} stroke-width="2" />
      </svg>
      <div class={`chart-readings ${hit.x > width / 2 ? "chart-readings-left" : "chart-readings-right"}`} dir="auto" aria-hidden="true">
        {hit.text.slice(0, 600)}
      </div>
    </>
  );
}

function paintOn(canvas: HTMLCanvasElement, width: number, height: number, paint: CanvasChartProps["paint"]): readonly Hit[] {
  const ratio = devicePixelRatio || 1;
  canvas.width = Math.round(width * ratio);
  canvas.height = Math.round(height * ratio);
  canvas.style.height = `${height}px`;
  const context = canvas.getContext("2d");
  if (context === null) return [];
  context.scale(ratio, ratio);
  context.clearRect(0, 0, width, height);
  return paint(new CanvasSurface(context), width, height);
}

/** The last painted part at a place, or one whose middle is near. */
export function hitAt(hits: readonly Hit[], x: number, y: number): number | null {
  for (let index = hits.length - 1; index >= 0; index -= 1) {
    const hit = hits[index] as Hit;
    if (x >= hit.x - 3 && x <= hit.x + hit.width + 3 && y >= hit.y - 3 && y <= hit.y + hit.height + 3) return index;
  }
  return null;
}
