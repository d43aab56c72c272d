/**
 * Numbers at lines: the last of each at the right, the smallest and the largest where they are.
 *
 * Invariants: no label covers another, or the end of a line; one covers a line only where there is no free place near
 * its point, and then on a ground of its own, so that it can be read.
 */
import { gapOf, type Line } from "./line-model";
import { edgeMarks, extremes, path, type Bounds, type Ground, type PaintOptions, type StyledLine } from "./line-paint";
import { shortNumber } from "./scale";

/** More lines than this have no labels. */
const LABELLED_MAX = 8;
/** Up to so many lines have labels at their extremes, too. */
export const EXTREMES_MAX = 2;
/** Half of the text of the last tick, and air. */
const NO_LABELS = 20;
const SIZE = 10;
const HEIGHT = 12;

/** How wide the last numbers of lines are, in pixels, with what sets them apart. */
export function endsWidth(lines: readonly StyledLine[]): number {
  if (lines.length > LABELLED_MAX) return NO_LABELS;
  const texts = lines.map(({ line }) => {
    const row = lastNumber(line);
    return row < 0 ? "" : shortNumber(line.smooth?.[row] ?? (line.last[row] as number));
  });
  return Math.max(NO_LABELS, 14 + 6 * Math.max(0, ...texts.map((text) => text.length)));
}

/** The last number of each line at the right, and where its extremes are when the lines are few. */
export function paintLabels(ground: Ground, lines: readonly StyledLine[], options: PaintOptions): void {
  if (lines.length > LABELLED_MAX) return;
  const ends = paintEnds(ground, lines, options);
  if (lines.length <= EXTREMES_MAX) paintExtremes(ground, lines, ends, options);
}

/** Paints the last numbers, and answers where the lines end. */
function paintEnds({ surface, x, y, bounds }: Ground, lines: readonly StyledLine[], options: PaintOptions): Bounds[] {
  const ends = lines.flatMap(({ line, look }) => {
    const row = lastNumber(line);
    if (row < 0) return [];
    const value = line.smooth?.[row] ?? (line.last[row] as number);
    const pixel = y.of(value);
    const isSeen = pixel >= bounds.top && pixel <= bounds.top + bounds.height;
    return isSeen ? [{ pixel, value, look, across: x.of(line.to[row] as number) }] : [];
  });
  ends.sort((left, right) => left.pixel - right.pixel);
  const places = spread(ends.map(({ pixel }) => pixel), HEIGHT, bounds.top + bounds.height);
  const right = bounds.left + bounds.width;
  ends.forEach((end, index) => {
    const at = places[index] ?? end.pixel;
    surface.text(right + 4, at, shortNumber(end.value), { fill: options.textColor, size: SIZE });
    surface.rect(right, at - 4, 2, 8, { fill: end.look.stroke });
  });
  return ends.map(({ across, pixel }) => ({ left: across - 3, top: pixel - 3, width: 6, height: 6 }));
}

/** Rising places moved so far apart that texts at them do not overlap, and none lies below the bottom. */
export function spread(places: readonly number[], room: number, bottom: number): number[] {
  const moved: number[] = [];
  for (const place of places) moved.push(Math.max(place, (moved[moved.length - 1] ?? -Infinity) + room));
  let limit = bottom;
  for (let index = moved.length - 1; index >= 0; index -= 1) {
    moved[index] = Math.min(moved[index] as number, limit);
    limit = (moved[index] as number) - room;
  }
  return moved;
}

function lastNumber(line: Line): number {
  for (let row = line.rows - 1; row >= 0; row -= 1) if (Number.isFinite(line.last[row])) return row;
  return -1;
}

/** A label that is wanted at a point, above it or below. */
export interface Wanted {
  readonly x: number;
  readonly y: number;
  readonly text: string;
  readonly side: -1 | 1;
}

function paintExtremes(ground: Ground, lines: readonly StyledLine[], ends: readonly Bounds[], options: PaintOptions): void {
  const { surface, x, y, bounds } = ground;
  const wanted = lines.flatMap(({ line, look }) => {
    const { lowest, highest } = extremes(line, x.range.from, x.range.to);
    // What never changes has no smallest and no largest value to speak of.
    if (lowest?.value === highest?.value) return [];
    return ([["max", highest, -1], ["min", lowest, 1]] as const).flatMap(([word, end, side]) => {
      const at = end === null ? null : { x: x.of(end.x), y: y.of(end.value) };
      const isSeen = at !== null && at.y >= bounds.top - 1 && at.y <= bounds.top + bounds.height + 1;
      return isSeen && end !== null ? [{ ...at, text: `${word} ${shortNumber(end.value)}`, side, look }] : [];
    });
  });
  for (const { x: across, y: down, look } of wanted) surface.marker(across, down, "ring", 3, look.stroke);
  const drawn = lines.flatMap(({ line }) => {
    const gap = gapOf(line);
    return [line.smooth, line.max, line.min].flatMap((column) => (column === null ? [] : [path(line, column, x, y, gap)]));
  });
  const marks = lines.flatMap(({ line }) => edgeMarks(line, x, bounds).map((mark) => ({ left: mark.x - 5, top: mark.y - 5, width: 10, height: 10 })));
  placedLabels(wanted, drawn, [...ends, ...marks], bounds).forEach((place, index) => {
    const text = wanted[index]?.text ?? "";
    if (place === null) return;
    if (place.crossings > 0) surface.rect(place.left, place.top, place.width, place.height, { fill: options.background, opacity: 0.85 });
    surface.text(place.left + 2, place.top + place.height / 2, text, { fill: options.textColor, size: SIZE });
  });
}

/** Where a label stands, and how often lines cross it. */
export interface Placed extends Bounds {
  readonly crossings: number;
}

/** The freest place near the point of each label; null where there is none that covers no other label and no end. */
export function placedLabels(wanted: readonly Wanted[], lines: readonly (readonly number[])[], ends: readonly Bounds[], bounds: Bounds): (Placed | null)[] {
  // Rings lie at all of the points, and are not to be covered either.
  const taken = [...ends, ...wanted.map(({ x, y }) => ({ left: x - 3, top: y - 3, width: 6, height: 6 }))];
  return wanted.map((label) => {
    let best: Placed | null = null;
    for (const box of candidates(label)) {
      if (!isInside(box, bounds) || taken.some((other) => isOver(box, other))) continue;
      const crossings = lines.reduce((sum, line) => sum + crossingsOf(line, box), 0);
      if (best === null || crossings < best.crossings) best = { ...box, crossings };
      if (crossings === 0) break;
    }
    if (best !== null) taken.push(best);
    return best;
  });
}

/** Places around a point, the best first: on its own side, near before far. */
function* candidates({ x, y, text, side }: Wanted): Iterable<Bounds> {
  const width = 4 + 5.8 * text.length;
  for (const distance of [4, 12, 22, 34]) {
    for (const way of [side, -side]) {
      const top = way < 0 ? y - distance - HEIGHT : y + distance;
      for (const left of [x - width / 2, x + 4, x - width - 4]) yield { left, top, width, height: HEIGHT };
    }
    for (const left of [x + distance + 2, x - width - distance - 2]) yield { left, top: y - HEIGHT / 2, width, height: HEIGHT };
  }
}

function isInside(box: Bounds, bounds: Bounds): boolean {
  const isWithin = box.left >= bounds.left && box.left + box.width <= bounds.left + bounds.width;
  return isWithin && box.top >= bounds.top && box.top + box.height <= bounds.top + bounds.height;
}

function isOver(one: Bounds, other: Bounds): boolean {
  const isBeside = one.left >= other.left + other.width || other.left >= one.left + one.width;
  return !isBeside && one.top < other.top + other.height && other.top < one.top + one.height;
}

/** How many pieces of a line go through a box. */
export function crossingsOf(line: readonly number[], box: Bounds): number {
  const [right, bottom] = [box.left + box.width, box.top + box.height];
  let count = 0;
  for (let index = 0; index + 3 < line.length; index += 2) {
    const [x0, y0, x1, y1] = [line[index] as number, line[index + 1] as number, line[index + 2] as number, line[index + 3] as number];
    if (!(Math.max(x0, x1) >= box.left && Math.min(x0, x1) <= right)) continue;
    // The piece within the columns of the box, from where it comes in to where it goes out.
    const at = (x: number) => (x1 === x0 ? y0 : y0 + ((y1 - y0) * (x - x0)) / (x1 - x0));
    const [from, to] = [at(Math.max(box.left, Math.min(x0, x1))), at(Math.min(right, Math.max(x0, x1)))];
    const [high, low] = x1 === x0 ? [Math.min(y0, y1), Math.max(y0, y1)] : [Math.min(from, to), Math.max(from, to)];
    if (low >= box.top && high <= bottom) count += 1;
  }
  return count;
}
