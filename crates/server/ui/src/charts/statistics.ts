/**
 * What single numbers say together: quantiles, boxes, a trend, a Pareto front, bins.
 *
 * Invariant: only finite numbers count; where there are too few, the answer is null and not a guess.
 */

/** Finite numbers, sorted. */
export function sortedFinite(values: Iterable<number>): number[] {
  return [...values].filter(Number.isFinite).sort((left, right) => left - right);
}

/** The quantile of sorted numbers, with straight lines between them. */
export function quantile(sorted: readonly number[], share: number): number {
  if (sorted.length === 0) return Number.NaN;
  const place = share * (sorted.length - 1);
  const low = sorted[Math.floor(place)] ?? Number.NaN;
  const high = sorted[Math.ceil(place)] ?? Number.NaN;
  return low + (high - low) * (place - Math.floor(place));
}

/** What a box shows. */
export interface Box {
  readonly n: number;
  readonly low: number;
  readonly quarter: number;
  readonly median: number;
  readonly threeQuarters: number;
  readonly high: number;
  readonly mean: number;
  /** Those beyond the whiskers. */
  readonly outliers: readonly number[];
}

/** A box with whiskers to the furthest values within 1.5 of its height (Tukey). */
export function boxOf(values: Iterable<number>): Box | null {
  const sorted = sortedFinite(values);
  if (sorted.length === 0) return null;
  const quarter = quantile(sorted, 0.25);
  const threeQuarters = quantile(sorted, 0.75);
  const reach = 1.5 * (threeQuarters - quarter);
  const isNear = (value: number) => value >= quarter - reach && value <= threeQuarters + reach;
  const near = sorted.filter(isNear);
  return {
    n: sorted.length,
    low: near[0] ?? quarter,
    quarter,
    median: quantile(sorted, 0.5),
    threeQuarters,
    high: near[near.length - 1] ?? threeQuarters,
    mean: mean(sorted),
    outliers: sorted.filter((value) => !isNear(value)),
  };
}

export function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** The standard error of the mean; null with fewer than two. */
export function standardError(values: readonly number[]): number | null {
  if (values.length < 2) return null;
  const middle = mean(values);
  const squares = values.reduce((sum, value) => sum + (value - middle) ** 2, 0);
  return Math.sqrt(squares / (values.length - 1) / values.length);
}

/** A straight line by least squares. */
export interface Trend {
  readonly slope: number;
  readonly offset: number;
  /** Pearson's correlation. */
  readonly correlation: number;
  readonly n: number;
}

/** The trend of pairs; null with fewer than three, or when one of the two does not vary. */
export function trendOf(xs: readonly number[], ys: readonly number[]): Trend | null {
  const places = xs.map((_, index) => index).filter((index) => Number.isFinite(xs[index]) && Number.isFinite(ys[index]));
  if (places.length < 3) return null;
  const middleX = mean(places.map((index) => xs[index] as number));
  const middleY = mean(places.map((index) => ys[index] as number));
  let xx = 0;
  let yy = 0;
  let xy = 0;
  for (const index of places) {
    const x = (xs[index] as number) - middleX;
    const y = (ys[index] as number) - middleY;
    xx += x * x;
    yy += y * y;
    xy += x * y;
  }
  if (xx === 0 || yy === 0) return null;
  const slope = xy / xx;
  return { slope, offset: middleY - slope * middleX, correlation: xy / Math.sqrt(xx * yy), n: places.length };
}

export type Goal = "min" | "max";

/** The places of the pairs that no other pair beats in both, by rising x. */
export function paretoFront(xs: readonly number[], ys: readonly number[], goalX: Goal, goalY: Goal): number[] {
  const signX = goalX === "min" ? 1 : -1;
  const signY = goalY === "min" ? 1 : -1;
  const cost = (values: readonly number[], index: number, sign: number) => sign * (values[index] as number);
  const places = xs.map((_, index) => index).filter((index) => Number.isFinite(xs[index]) && Number.isFinite(ys[index]));
  places.sort((left, right) => cost(xs, left, signX) - cost(xs, right, signX) || cost(ys, left, signY) - cost(ys, right, signY));
  let best = Infinity;
  let bestX = Infinity;
  const front = places.filter((index) => {
    const y = cost(ys, index, signY);
    const x = cost(xs, index, signX);
    const isBest = y < best || (y === best && x === bestX);
    if (y < best) [best, bestX] = [y, x];
    return isBest;
  });
  return front.sort((left, right) => (xs[left] as number) - (xs[right] as number));
}

/** The counts of finite numbers in bins of one width between two numbers. */
export function binned(values: Iterable<number>, from: number, to: number, bins: number): number[] {
  const counts = new Array<number>(bins).fill(0);
  for (const value of values) {
    if (!Number.isFinite(value) || value < from || value > to) continue;
    const bin = to > from ? Math.min(bins - 1, Math.floor(((value - from) / (to - from)) * bins)) : 0;
    counts[bin] = (counts[bin] ?? 0) + 1;
  }
  return counts;
}
