/**
 * At which step of its training a run was at a time, by the history of one of its metrics.
 *
 * Invariants: a later time is never at an earlier step; before the first point and after the last there is no step. The
 * k-th point in time is taken for the k-th by step, which holds wherever a run counts its steps upwards.
 */
import type { Line } from "./line-model";

/** Times in ms since 1970, rising, and the step at each of them. */
export interface StepClock {
  readonly times: Float64Array;
  readonly steps: Float64Array;
}

/** The clock of a metric that is known over time and over steps. */
export function clockOf(overTime: Line, overSteps: Line): StepClock {
  const stepOf = stepsByRank(overSteps);
  const times: number[] = [];
  const steps: number[] = [];
  let before = 0;
  for (let row = 0; row < overTime.rows; row += 1) {
    const count = overTime.count[row] as number;
    times.push(overTime.from[row] as number, overTime.to[row] as number);
    steps.push(stepOf(before + 1), stepOf(before + count));
    before += count;
  }
  return { times: Float64Array.from(times), steps: Float64Array.from(steps) };
}

/** The step of the point that is so far from the first, which is the first. */
function stepsByRank(line: Line): (rank: number) => number {
  const ends: number[] = [];
  for (let row = 0, sum = 0; row < line.rows; row += 1) ends.push((sum += line.count[row] as number));
  return (rank) => {
    const row = Math.min(line.rows - 1, firstAtLeast(ends, rank));
    const count = line.count[row] as number;
    const [from, to] = [line.from[row] as number, line.to[row] as number];
    const place = rank - ((ends[row] as number) - count);
    return count <= 1 ? to : from + ((to - from) * Math.min(count - 1, Math.max(0, place - 1))) / (count - 1);
  };
}

/** The first place whose number is at least this; behind the last when there is none. */
function firstAtLeast(rising: ArrayLike<number>, number: number): number {
  let [low, high] = [0, rising.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((rising[middle] as number) < number) low = middle + 1;
    else high = middle;
  }
  return low;
}

function between(xs: Float64Array, ys: Float64Array, x: number): number {
  const at = firstAtLeast(xs, x);
  if (at >= xs.length) return Number.NaN;
  const [right, y] = [xs[at] as number, ys[at] as number];
  if (right === x) return y;
  if (at === 0) return Number.NaN;
  const [left, before] = [xs[at - 1] as number, ys[at - 1] as number];
  return before + ((y - before) * (x - left)) / (right - left);
}

/** The step at a time; NaN where there is none. */
export function stepAt({ times, steps }: StepClock, time: number): number {
  return between(times, steps, time);
}

/** When a step was; the nearest end for one outside. */
export function timeAt({ times, steps }: StepClock, step: number): number {
  const [first, last] = [steps[0] ?? Number.NaN, steps[steps.length - 1] ?? Number.NaN];
  return between(steps, times, Math.min(last, Math.max(first, step)));
}

/** A line over time as one over steps; what lies outside of the clock is left out. */
export function onSteps(line: Line, clock: StepClock): Line {
  const turned = (column: Float64Array) => column.map((time) => stepAt(clock, time));
  const [from, to] = [turned(line.from), turned(line.to)];
  const rows = Array.from({ length: line.rows }, (_, row) => row).filter((row) => !Number.isNaN(from[row]) && !Number.isNaN(to[row]));
  const pick = (column: Float64Array) => Float64Array.from(rows, (row) => column[row] as number);
  return {
    ...line,
    rows: rows.length,
    from: pick(from),
    to: pick(to),
    first: pick(line.first),
    last: pick(line.last),
    min: pick(line.min),
    minAt: pick(turned(line.minAt)),
    max: pick(line.max),
    maxAt: pick(turned(line.maxAt)),
    mean: pick(line.mean),
    count: pick(line.count),
    nanCount: pick(line.nanCount),
    smooth: line.smooth && pick(line.smooth),
  };
}
