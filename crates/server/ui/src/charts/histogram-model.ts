/**
 * Distributions over steps as charts need them.
 *
 * Invariant: counts become densities before distributions with other edges are set beside each other.
 */
import type { Histogram } from "../api/types";

/** A distribution at a step. */
export interface Distribution {
  readonly step: number;
  readonly edges: readonly number[];
  readonly counts: readonly number[];
  readonly count: number;
  readonly notFinite: number;
}

export function distributionOf(told: Histogram): Distribution {
  return { step: told.step, edges: told.edges.map(Number), counts: told.counts, count: told.count, notFinite: told.not_finite };
}

/** The edges of all of them together; null when none has any. */
export function rangeOfAll(all: readonly Distribution[]): { from: number; to: number } | null {
  let [from, to] = [Infinity, -Infinity];
  for (const { edges } of all) {
    const [first, last] = [edges[0], edges[edges.length - 1]];
    if (first === undefined || last === undefined) continue;
    [from, to] = [Math.min(from, first), Math.max(to, last)];
  }
  return from <= to ? { from, to } : null;
}

/** How many values of a distribution lie in each of so many bins of one width; those of an edge are shared by length. */
export function resampled({ edges, counts }: Distribution, from: number, to: number, bins: number): number[] {
  const shares = new Array<number>(bins).fill(0);
  const width = (to - from) / bins || 1;
  counts.forEach((count, index) => {
    const [low, high] = [edges[index] ?? 0, edges[index + 1] ?? 0];
    if (count === 0) return;
    const first = Math.max(0, Math.min(bins - 1, Math.floor((low - from) / width)));
    const last = Math.max(first, Math.min(bins - 1, Math.ceil((high - from) / width) - 1));
    for (let bin = first; bin <= last; bin += 1) {
      const overlap = Math.min(high, from + (bin + 1) * width) - Math.max(low, from + bin * width);
      const share = high > low ? Math.max(0, overlap) / (high - low) : 1 / (last - first + 1);
      shares[bin] = (shares[bin] ?? 0) + count * share;
    }
  });
  return shares;
}

/** At most so many of them, evenly chosen, with both ends. */
export function thinnedTo<T>(all: readonly T[], most: number): T[] {
  if (all.length <= most) return [...all];
  return Array.from({ length: most }, (_, index) => all[Math.round((index * (all.length - 1)) / (most - 1))] as T);
}
