/**
 * The axes of parallel coordinates: which there are, and where on them a run lies.
 *
 * Invariant: a run without a value is at no place of that axis (NaN), and within no brush on it.
 */
import { padded, rangeOf, scale, shortNumber, ticks } from "./scale";

export type AxisValue = number | string | null;

export interface AxisInput {
  readonly name: string;
  readonly values: readonly AxisValue[];
}

/** A part of an axis: as shares of its length, and as the values at its ends. */
export interface Brush {
  readonly name: string;
  readonly low: number;
  readonly high: number;
  readonly from: AxisValue;
  readonly to: AxisValue;
  /** The words within it, on an axis of words. */
  readonly words?: readonly string[];
}

export interface ParallelAxis extends AxisInput {
  readonly canLog: boolean;
  readonly ticks: readonly { readonly share: number; readonly text: string }[];
  /** From 0 below to 1 above; NaN where a run has none. */
  readonly shares: readonly number[];
  valueAt(share: number): AxisValue;
  /** The words between two shares; undefined on an axis of numbers. */
  wordsBetween(low: number, high: number): readonly string[] | undefined;
}

/** The axes in which runs differ, in the order that was chosen and then as given. */
export function axesOf(inputs: readonly AxisInput[], logs: ReadonlySet<string>, order: readonly string[]): ParallelAxis[] {
  const differing = inputs.filter(({ values }) => new Set(values.map(String)).size > 1);
  const rank = (name: string) => (order.includes(name) ? order.indexOf(name) : order.length);
  const sorted = [...differing].sort((left, right) => rank(left.name) - rank(right.name));
  return sorted.map((input) => {
    const known = input.values.filter((value) => value !== null);
    const isNumeric = known.every((value) => typeof value === "number");
    return isNumeric ? numeric(input, logs.has(input.name)) : worded(input);
  });
}

function numeric(input: AxisInput, isLog: boolean): ParallelAxis {
  const numbers = input.values.map((value) => (value === null ? Number.NaN : Number(value)));
  const finite = numbers.filter(Number.isFinite);
  const canLog = finite.length > 0 && finite.every((value) => value > 0);
  const kind = isLog && canLog ? "log" : "linear";
  const range = rangeOf(kind, finite) ?? { from: 0, to: 1 };
  const along = scale(kind, range.from < range.to ? range : padded(kind, range), 0, 1);
  const marks = ticks(kind, along.range, 6).map((value) => ({ share: along.of(value), text: shortNumber(value) }));
  const shares = numbers.map((value) => (Number.isFinite(value) ? along.of(value) : Number.NaN));
  return { ...input, canLog, ticks: marks, shares, valueAt: (share) => along.back(share), wordsBetween: () => undefined };
}

function worded(input: AxisInput): ParallelAxis {
  const words = [...new Set(input.values.filter((value) => value !== null).map(String))].sort();
  const place = (word: string) => (words.length < 2 ? 0.5 : words.indexOf(word) / (words.length - 1));
  const every = Math.ceil(words.length / 12);
  const marks = words.filter((_, index) => index % every === 0).map((word) => ({ share: place(word), text: word }));
  const shares = input.values.map((value) => (value === null ? Number.NaN : place(String(value))));
  const wordsBetween = (low: number, high: number) => words.filter((word) => place(word) >= low - 1e-9 && place(word) <= high + 1e-9);
  return { ...input, canLog: false, ticks: marks, shares, valueAt: (share) => words[Math.round(share * (words.length - 1))] ?? null, wordsBetween };
}

/** A part of an axis as a brush. */
export function brushOf(axis: ParallelAxis, low: number, high: number): Brush {
  const words = axis.wordsBetween(low, high);
  return { name: axis.name, low, high, from: axis.valueAt(low), to: axis.valueAt(high), ...(words === undefined ? {} : { words }) };
}

/** Where a run lies on an axis. */
export function placeOf(axis: ParallelAxis, row: number): number {
  return axis.shares[row] ?? Number.NaN;
}

/** Whether a run lies within a brush. One on an axis that is not there any more holds nobody back. */
export function isWithin(axes: readonly ParallelAxis[], brush: Brush, row: number): boolean {
  const axis = axes.find(({ name }) => name === brush.name);
  if (axis === undefined) return true;
  const place = placeOf(axis, row);
  return place >= brush.low - 1e-9 && place <= brush.high + 1e-9;
}
