/**
 * Lines on a surface: the envelope of what was really logged, the raw line faint under the smoothed one, gaps as gaps,
 * marks where a point stands alone and where a value was no number.
 *
 * Invariant: it draws the same on a canvas and in a file, from the same numbers.
 */
import { bounded, closedAreas, lonePoints, type Extent } from "./areas";
import { paintLabels } from "./line-labels";
import { gapOf, type Line } from "./line-model";
import type { Scale } from "./scale";
import type { Surface } from "./surface";

/** How a line looks. */
export interface Look {
  readonly stroke: string;
  readonly dash: readonly number[];
  readonly marker: string;
}

/** A line with its look. */
export interface StyledLine {
  readonly line: Line;
  readonly look: Look;
  readonly name: string;
}

/** Where the plot lies on its surface. */
export interface Bounds {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

export interface PaintOptions {
  readonly hasEnvelope: boolean;
  /** The run that the pointer is at; the others step back. */
  readonly highlighted: string | null;
  readonly hasLabels: boolean;
  readonly textColor: string;
  readonly background: string;
}

/** What is painted on, and where a number is on it. */
export interface Ground {
  readonly surface: Surface;
  readonly x: Scale;
  readonly y: Scale;
  readonly bounds: Bounds;
}

/** The size of the mark of a point that stands alone. */
export const LONE_SIZE = 3.5;

/** All lines, the highlighted one last and on top. */
export function paintLines(surface: Surface, lines: readonly StyledLine[], x: Scale, y: Scale, bounds: Bounds, options: PaintOptions): void {
  const ground = { surface, x, y, bounds };
  const rank = ({ line }: StyledLine) => (line.run === options.highlighted ? 1 : 0);
  const order = [...lines].sort((left, right) => rank(left) - rank(right));
  const paths: number[][] = [];
  surface.clip(bounds.left, bounds.top, bounds.width, bounds.height, () => {
    for (const styled of order) paths.push(paintLine(ground, styled, options, lines.length));
  });
  // Outside of the clip: a mark at the first or the last step is whole.
  order.forEach(({ look }, index) => paintLone(ground, paths[index] ?? [], look));
  if (options.hasLabels) paintLabels(ground, lines, options);
}

/** Paints a line, and answers where it goes: the smoothed one where there is one. */
function paintLine(ground: Ground, { line, look }: StyledLine, options: PaintOptions, count: number): number[] {
  const { surface, x, y } = ground;
  const isBehind = options.highlighted !== null && options.highlighted !== line.run;
  const strength = isBehind ? 0.25 : 1;
  const gap = gapOf(line);
  const isCoarse = line.count.some((points) => points > 1);
  if (options.hasEnvelope && isCoarse && line.smooth === null) {
    const share = (count > 12 ? 0.1 : 0.2) * strength;
    for (const area of envelope(line, x, y, gap)) surface.area(area, { fill: look.stroke, opacity: share });
  }
  const raw = path(line, line.mean, x, y, gap);
  const width = count > 20 ? 1 : 1.5;
  const main = line.smooth === null ? raw : path(line, line.smooth, x, y, gap);
  if (line.smooth !== null) surface.line(raw, { stroke: look.stroke, width: 1, opacity: 0.25 * strength });
  surface.line(main, { stroke: look.stroke, width: line.smooth === null ? width : width + 0.25, dash: look.dash, opacity: strength });
  for (const mark of edgeMarks(line, x, ground.bounds)) surface.marker(mark.x, mark.y, mark.shape, 3.5, look.stroke);
  return main;
}

/** Whether a row is not connected with the one before it. */
export function isApart(line: Pick<Line, "from" | "to">, row: number, gap: number): boolean {
  return row > 0 && (line.from[row] as number) - (line.to[row - 1] as number) > gap;
}

/** A line through one column, broken at gaps and where it has no number. */
export function path(line: Line, values: Float64Array, x: Scale, y: Scale, gap: number): number[] {
  const points: number[] = [];
  for (let row = 0; row < line.rows; row += 1) {
    if (isApart(line, row, gap)) points.push(Number.NaN, Number.NaN);
    const place = ((line.from[row] as number) + (line.to[row] as number)) / 2;
    const value = values[row] as number;
    points.push(bounded(x.of(place)), Number.isFinite(value) ? bounded(y.of(value)) : Number.NaN);
  }
  return points;
}

/** Closed areas between the smallest and the largest values, one for each stretch without a gap. */
export function envelope(line: Line, x: Scale, y: Scale, gap: number): number[][] {
  return closedAreas(extents(line, gap), x, y);
}

function* extents(line: Line, gap: number): Iterable<Extent> {
  for (let row = 0; row < line.rows; row += 1) {
    const [low, high] = [line.min[row] as number, line.max[row] as number];
    yield { place: line.from[row] as number, low, high, isApart: isApart(line, row, gap) };
    yield { place: line.to[row] as number, low, high };
  }
}

/** A point without neighbours has no line: it is a mark. */
export function paintLone({ surface, bounds }: Pick<Ground, "surface" | "bounds">, path: readonly number[], look: Look): void {
  const lone = lonePoints(path);
  for (let index = 0; index < lone.length; index += 2) {
    const [x, y] = [lone[index] as number, lone[index + 1] as number];
    const isSeen = x >= bounds.left - 1 && x <= bounds.left + bounds.width + 1 && y >= bounds.top - 1 && y <= bounds.top + bounds.height + 1;
    if (isSeen) surface.marker(x, y, look.marker, LONE_SIZE, look.stroke);
  }
}

/** A mark at the edge of a plot. */
export interface EdgeMark {
  readonly x: number;
  readonly y: number;
  readonly shape: "cross" | "triangle" | "diamond";
}

/** Marks where values were NaN (a cross below) or infinite (a triangle at the top, a diamond at the floor). */
export function edgeMarks(line: Line, x: Scale, bounds: Bounds): EdgeMark[] {
  const [top, bottom] = [bounds.top + 6, bounds.top + bounds.height - 6];
  const kinds = [
    { shape: "cross" as const, y: bottom, isAt: (row: number) => (line.nanCount[row] as number) > 0 },
    { shape: "triangle" as const, y: top, isAt: (row: number) => line.max[row] === Infinity },
    { shape: "diamond" as const, y: bottom, isAt: (row: number) => line.min[row] === -Infinity },
  ];
  return kinds.flatMap(({ shape, y, isAt }) => {
    const marks: EdgeMark[] = [];
    // Marks on each other say no more than one of them.
    let before = -Infinity;
    for (let row = 0; row < line.rows; row += 1) {
      const at = isAt(row) ? x.of(line.from[row] as number) : Number.NaN;
      if (Number.isNaN(at) || at < bounds.left || at > bounds.left + bounds.width || at - before < 8) continue;
      marks.push({ x: at, y, shape });
      before = at;
    }
    return marks;
  });
}

/** The smallest and the largest finite value between two places, and where. */
export function extremes(line: Line, from: number, to: number): Record<"lowest" | "highest", { x: number; value: number } | null> {
  let lowest: { x: number; value: number } | null = null;
  let highest: { x: number; value: number } | null = null;
  for (let row = 0; row < line.rows; row += 1) {
    if ((line.to[row] as number) < from || (line.from[row] as number) > to) continue;
    const min = line.min[row] as number;
    const max = line.max[row] as number;
    if (Number.isFinite(min) && (lowest === null || min < lowest.value)) lowest = { x: line.minAt[row] as number, value: min };
    if (Number.isFinite(max) && (highest === null || max > highest.value)) highest = { x: line.maxAt[row] as number, value: max };
  }
  return { lowest, highest };
}
