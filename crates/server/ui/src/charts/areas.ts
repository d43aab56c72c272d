/**
 * Areas between a lower and an upper line, in pixels.
 *
 * Invariants: an area is closed; where there is a gap, or one of the two is nowhere, an area ends and another begins.
 */
import type { Scale } from "./scale";

/** Coordinates far outside are cut: browsers draw lines to 1e9 pixels badly. */
const FAR = 20_000;

export function bounded(pixel: number): number {
  return Number.isNaN(pixel) ? pixel : Math.max(-FAR, Math.min(FAR, pixel));
}

/** How high and how low something is at a place. */
export interface Extent {
  readonly place: number;
  readonly low: number;
  readonly high: number;
  /** It is not connected with the one before it. */
  readonly isApart?: boolean;
}

/** The corners of each closed area, one for each stretch without a gap. */
export function closedAreas(extents: Iterable<Extent>, x: Scale, y: Scale): number[][] {
  const areas: number[][] = [];
  let upper: number[] = [];
  let lower: number[] = [];
  const close = () => {
    if (upper.length >= 4) areas.push([...upper, ...reversed(lower)]);
    [upper, lower] = [[], []];
  };
  for (const { place, low, high, isApart } of extents) {
    const across = bounded(x.of(place));
    const top = bounded(y.of(high));
    const bottom = bounded(lowest(low, y));
    const isNowhere = Number.isNaN(across) || Number.isNaN(top) || Number.isNaN(bottom);
    if (isApart || isNowhere) close();
    if (isNowhere) continue;
    upper.push(across, top);
    lower.push(across, bottom);
  }
  close();
  return areas;
}

/** On a logarithmic axis everything down to zero and below goes through the floor of the plot. */
function lowest(low: number, y: Scale): number {
  return y.kind === "log" && low <= 0 ? FAR : y.of(low);
}

function reversed(points: readonly number[]): number[] {
  const turned: number[] = [];
  for (let index = points.length - 2; index >= 0; index -= 2) turned.push(points[index] as number, points[index + 1] as number);
  return turned;
}

/** The points of a path that have nothing on either side: they would be drawn as nothing, or as a speck. */
export function lonePoints(path: readonly number[]): number[] {
  const isThere = (index: number) => index >= 0 && index + 1 < path.length && !Number.isNaN(path[index]) && !Number.isNaN(path[index + 1]);
  const lone: number[] = [];
  for (let index = 0; index < path.length; index += 2) {
    if (isThere(index) && !isThere(index - 2) && !isThere(index + 2)) lone.push(path[index] as number, path[index + 1] as number);
  }
  return lone;
}
