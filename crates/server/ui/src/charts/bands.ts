/**
 * A group of runs as a line with a band.
 *
 * Invariants: a band is around its line; where a group has one run there is no deviation, and no band.
 */
import type { GroupHistory } from "../api/types";
import type { Extent } from "./areas";
import { gapOf } from "./line-model";
import { isApart } from "./line-paint";

export type Middle = "mean" | "median";
export type BandKind = "std" | "stderr" | "interval" | "range" | "none";

/** A group as it is drawn. */
export interface Band {
  readonly group: string;
  readonly runs: number;
  readonly rows: number;
  /** The steps that are put together at each place, and their middle. */
  readonly from: Float64Array;
  readonly to: Float64Array;
  readonly places: Float64Array;
  readonly middle: Float64Array;
  readonly low: Float64Array;
  readonly high: Float64Array;
  readonly n: readonly number[];
}

type Told = number | string | null | undefined;

function numbers(column: readonly Told[]): Float64Array {
  return Float64Array.from(column, (value) => (value === null || value === undefined ? Number.NaN : Number(value)));
}

/** The line and the band of a group. A mean has deviations around it; around a median they are taken likewise. */
export function bandOf({ group, runs, spread }: GroupHistory, middle: Middle, kind: BandKind): Band {
  const line = numbers(spread[middle]);
  const mean = numbers(spread.mean);
  const at = (column: readonly Told[], side: -1 | 1) => {
    const values = numbers(column);
    return line.map((value, index) => value + side * (values[index] ?? Number.NaN));
  };
  const shifted = (column: readonly Told[]) => {
    const values = numbers(column);
    return line.map((value, index) => value + ((values[index] ?? Number.NaN) - (mean[index] ?? 0)));
  };
  const edges = {
    std: () => [at(spread.std, -1), at(spread.std, 1)],
    stderr: () => [at(spread.stderr, -1), at(spread.stderr, 1)],
    interval: () => [shifted(spread.low95), shifted(spread.high95)],
    range: () => [numbers(spread.min), numbers(spread.max)],
    none: () => [line.map(() => Number.NaN), line.map(() => Number.NaN)],
  };
  const [low = line, high = line] = edges[kind]();
  const [from, to] = [Float64Array.from(spread.step_first), Float64Array.from(spread.step_last)];
  const places = from.map((first, index) => (first + (to[index] ?? first)) / 2);
  return { group, runs, rows: places.length, from, to, places, middle: line, low, high, n: spread.n };
}

/** Its line in pairs of place and value, broken where far more than usual lies between two places. */
export function middleOf(band: Band, gap = gapOf(band)): number[] {
  return Array.from(band.middle).flatMap((value, row) => [
    ...(isApart(band, row, gap) ? [Number.NaN, Number.NaN] : []),
    band.places[row] as number,
    value,
  ]);
}

/** How far a band goes at each of its places. */
export function extentsOf(band: Band, gap = gapOf(band)): Extent[] {
  return Array.from(band.places, (place, row) => ({
    place,
    low: band.low[row] as number,
    high: band.high[row] as number,
    isApart: isApart(band, row, gap),
  }));
}
