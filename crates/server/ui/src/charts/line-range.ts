/**
 * Which part of the axes lines need.
 *
 * Invariant: without clipping every finite value between the two places is within the range.
 */
import type { Line } from "./line-model";
import { padded, rangeOf, type Range, type ScaleKind } from "./scale";
import { quantile, sortedFinite } from "./statistics";

/** The places of all lines; `null` when none has one that the axis can show. */
export function rangeOfPlaces(lines: readonly Line[], kind: ScaleKind): Range | null {
  return rangeOf(kind, ...lines.flatMap((line) => [line.from.subarray(0, line.rows), line.to.subarray(0, line.rows)]));
}

/** The values of all lines between two places, with that share of room on each side. Clipped, the outermost hundredth on each side may lie outside. */
export function rangeOfValues(lines: readonly Line[], places: Range, kind: ScaleKind, isClipped: boolean, room = 0.05): Range | null {
  const values: number[] = [];
  for (const line of lines) {
    for (let row = 0; row < line.rows; row += 1) {
      if ((line.to[row] as number) < places.from || (line.from[row] as number) > places.to) continue;
      values.push(line.min[row] as number, line.max[row] as number);
      const smooth = line.smooth?.[row];
      if (smooth !== undefined) values.push(smooth);
    }
  }
  const usable = kind === "log" ? values.filter((value) => value > 0) : values;
  if (isClipped && usable.length >= 20) {
    const sorted = sortedFinite(usable);
    const clipped = { from: quantile(sorted, 0.01), to: quantile(sorted, 0.99) };
    if (clipped.from < clipped.to) return padded(kind, clipped, room);
  }
  const range = rangeOf(kind, usable);
  return range && padded(kind, range, room);
}
