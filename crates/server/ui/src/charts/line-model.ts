/**
 * A history as a chart shows it: neighbouring points together, with true extremes, over any axis.
 *
 * Invariants: places rise; every column has one number for each place; a spike of the history is a spike of the line.
 */
import type { Columns } from "../api/columns";

/** One metric of one run. */
export interface Line {
  readonly run: string;
  readonly metric: string;
  readonly rows: number;
  readonly from: Float64Array;
  readonly to: Float64Array;
  readonly first: Float64Array;
  readonly last: Float64Array;
  readonly min: Float64Array;
  readonly minAt: Float64Array;
  readonly max: Float64Array;
  readonly maxAt: Float64Array;
  readonly mean: Float64Array;
  readonly count: Float64Array;
  readonly nanCount: Float64Array;
  /** The smoothed line at the end of each place; null when it is not smoothed. */
  readonly smooth: Float64Array | null;
}

/** The names of a line's columns in an answer, by its kind. */
const NAMES: Record<string, Record<"from" | "to" | "first" | "last" | "min" | "minAt" | "max" | "maxAt" | "mean", string>> = {
  curve: { from: "x_first", to: "x_last", first: "first", last: "last", min: "min", minAt: "min_x", max: "max", maxAt: "max_x", mean: "mean" },
  buckets: { from: "step_first", to: "step_last", first: "first", last: "last", min: "min", minAt: "min_step", max: "max", maxAt: "max_step", mean: "mean" },
  points: { from: "step", to: "step", first: "value", last: "value", min: "value", minAt: "step", max: "value", maxAt: "step", mean: "value" },
};

/** A column as floating-point numbers. */
export function floats(column: Float64Array | BigInt64Array | undefined, rows: number): Float64Array {
  if (column instanceof Float64Array) return column;
  if (column === undefined) return new Float64Array(rows).fill(Number.NaN);
  return Float64Array.from(column, Number);
}

/** A history of an answer as a line. */
export function lineOf(history: Columns): Line {
  const { rows, columns } = history;
  const names = NAMES[history.kind as string] ?? NAMES["points"];
  const of = (name: string | undefined) => floats(name === undefined ? undefined : columns[name], rows);
  const values = of(names?.first);
  const isPoints = columns["count"] === undefined;
  return {
    run: history.run,
    metric: history.metric,
    rows,
    from: of(names?.from),
    to: of(names?.to),
    first: values,
    last: of(names?.last),
    min: of(names?.min),
    minAt: of(names?.minAt),
    max: of(names?.max),
    maxAt: of(names?.maxAt),
    mean: of(names?.mean),
    count: isPoints ? new Float64Array(rows).fill(1) : floats(columns["count"], rows),
    nanCount: isPoints ? values.map((value) => (Number.isNaN(value) ? 1 : 0)) : floats(columns["nan_count"], rows),
    smooth: columns["smooth"] === undefined ? null : floats(columns["smooth"], rows),
  };
}

/** New points of a line, in the order of their steps or not. */
export interface Fresh {
  readonly step: readonly number[];
  readonly value: readonly number[];
}

/** The line with new points behind it. Points at or before its end cannot be told from known ones: `null` then. */
export function appended(line: Line, fresh: Fresh): Line | null {
  const count = fresh.step.length;
  if (count === 0) return line;
  const order = fresh.step.map((_, index) => index).sort((left, right) => (fresh.step[left] ?? 0) - (fresh.step[right] ?? 0));
  const steps = order.map((index) => fresh.step[index] ?? 0);
  const end = line.rows === 0 ? -Infinity : (line.to[line.rows - 1] as number);
  if ((steps[0] as number) <= end) return null;
  if (steps.some((step, index) => index > 0 && step === steps[index - 1])) return null;
  const values = order.map((index) => fresh.value[index] ?? Number.NaN);
  const behind = (column: Float64Array, more: ArrayLike<number>) => joined(column, line.rows, more);
  return {
    ...line,
    rows: line.rows + count,
    from: behind(line.from, steps),
    to: behind(line.to, steps),
    first: behind(line.first, values),
    last: behind(line.last, values),
    min: behind(line.min, values),
    minAt: behind(line.minAt, steps),
    max: behind(line.max, values),
    maxAt: behind(line.maxAt, steps),
    mean: behind(line.mean, values),
    count: behind(line.count, new Float64Array(count).fill(1)),
    nanCount: behind(line.nanCount, values.map((value) => (Number.isNaN(value) ? 1 : 0))),
  };
}

function joined(column: Float64Array, rows: number, more: ArrayLike<number>): Float64Array {
  const all = new Float64Array(rows + more.length);
  all.set(column.subarray(0, rows));
  all.set(more, rows);
  return all;
}

/**
 * Neighbours put together until there are no more than that. None becomes longer than its share of the axis unless there
 * is no other way, so that a chart of as many pixels shows the same: what was appended long ago and what came last alike.
 */
export function merged(line: Line, rowsMax: number, place: (x: number) => number = (x) => x): Line {
  if (line.rows <= rowsMax) return line;
  const starts = sharesOf(line, rowsMax, place);
  const rows = starts.length;
  const endOf = (row: number): number => starts[row + 1] ?? line.rows;
  const fresh = () => new Float64Array(rows);
  const made = {
    from: fresh(), to: fresh(), first: fresh(), last: fresh(), min: fresh(), minAt: fresh(), max: fresh(), maxAt: fresh(),
    mean: fresh(), count: fresh(), nanCount: fresh(),
  };
  for (let row = 0; row < rows; row += 1) mergeInto(made, row, line, starts[row] ?? 0, endOf(row));
  const smooth = line.smooth;
  const kept = smooth && Float64Array.from({ length: rows }, (_, row) => smooth[endOf(row) - 1] ?? Number.NaN);
  return { ...line, ...made, rows, smooth: kept };
}

/** Where each row of the merged line begins. */
function sharesOf(line: Line, rowsMax: number, place: (x: number) => number): number[] {
  const lowest = lowestOf(line, place);
  const at = (x: number): number => Math.max(place(x), lowest);
  const whole = at(line.to[line.rows - 1] as number) - at(line.from[0] as number);
  // Of an axis without a length, every place is one.
  for (let share = Math.max(whole, Number.MIN_VALUE) / rowsMax; share < Infinity; share *= 1.25) {
    const starts = [0];
    let begin = at(line.from[0] as number);
    for (let row = 1; row < line.rows; row += 1) {
      if (at(line.to[row] as number) - begin <= share) continue;
      starts.push(row);
      begin = at(line.from[row] as number);
    }
    if (starts.length <= rowsMax) return starts;
  }
  return [0];
}

/** The first place of a line that its axis has. */
function lowestOf(line: Line, place: (x: number) => number): number {
  for (let row = 0; row < line.rows; row += 1) {
    const first = [line.from[row], line.to[row]].map((x) => place(x as number)).find(Number.isFinite);
    if (first !== undefined) return first;
  }
  return 0;
}

/** How far right a place is on a logarithmic axis, in decades; what is not on it is left of everything. */
export function decades(x: number): number {
  return x > 0 ? Math.log10(x) : -Infinity;
}

type Growing = Record<"from" | "to" | "first" | "last" | "min" | "minAt" | "max" | "maxAt" | "mean" | "count" | "nanCount", Float64Array>;

function mergeInto(into: Growing, row: number, line: Line, start: number, end: number): void {
  let [min, minAt, max, maxAt] = [Number.NaN, line.from[start] as number, Number.NaN, line.from[start] as number];
  let [sum, count, nanCount] = [0, 0, 0];
  for (let at = start; at < end; at += 1) {
    const numbers = (line.count[at] as number) - (line.nanCount[at] as number);
    if (!((line.min[at] as number) >= min)) [min, minAt] = pick(line.min[at], line.minAt[at], min, minAt);
    if (!((line.max[at] as number) <= max)) [max, maxAt] = pick(line.max[at], line.maxAt[at], max, maxAt);
    if (numbers > 0) sum += (line.mean[at] as number) * numbers;
    count += line.count[at] as number;
    nanCount += line.nanCount[at] as number;
  }
  into.from[row] = line.from[start] as number;
  into.to[row] = line.to[end - 1] as number;
  into.first[row] = line.first[start] as number;
  into.last[row] = line.last[end - 1] as number;
  [into.min[row], into.minAt[row], into.max[row], into.maxAt[row]] = [min, minAt, max, maxAt];
  into.mean[row] = count > nanCount ? sum / (count - nanCount) : Number.NaN;
  [into.count[row], into.nanCount[row]] = [count, nanCount];
}

function pick(value: number | undefined, at: number | undefined, known: number, knownAt: number): [number, number] {
  return value === undefined || Number.isNaN(value) ? [known, knownAt] : [value, at ?? knownAt];
}

/** The row whose place is nearest to x; -1 when there is none. */
export function nearestRow(line: Line, x: number): number {
  let low = 0;
  let high = line.rows - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((line.to[middle] as number) < x) low = middle + 1;
    else high = middle;
  }
  if (low > 0) {
    const before = Math.abs(x - (line.to[low - 1] as number));
    const after = Math.max(0, (line.from[low] as number) - x);
    if (before < after) return low - 1;
  }
  return line.rows === 0 ? -1 : low;
}

/** From which distance on neighbours are not connected: far more than is usual in this line. */
export function gapOf(line: Pick<Line, "rows" | "from" | "to">): number {
  const distances: number[] = [];
  const every = Math.max(1, Math.floor(line.rows / 500));
  for (let row = 1; row < line.rows; row += every) {
    distances.push((line.from[row] as number) - (line.to[row - 1] as number));
  }
  distances.sort((left, right) => left - right);
  // Not the middle one: over time a training that slows down has most of its points where it was fast.
  const usual = distances[Math.floor(0.9 * (distances.length - 1))] ?? 0;
  return usual > 0 ? usual * 10 : Infinity;
}
