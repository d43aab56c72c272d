/**
 * From numbers to pixels and back, and the round numbers that an axis names.
 *
 * Invariants: ticks lie within the range and are at least two where it has a length; a logarithmic scale is about
 * numbers above zero alone, and everything else is off it (NaN).
 */

/** A range of numbers. */
export interface Range {
  readonly from: number;
  readonly to: number;
}

export type ScaleKind = "linear" | "log";

/** A range on a stretch of pixels. */
export interface Scale {
  readonly kind: ScaleKind;
  readonly range: Range;
  /** The pixel of a number. */
  of(value: number): number;
  /** The number of a pixel. */
  back(pixel: number): number;
}

/** A scale between two pixels, which may be the other way round as those of y axes are. */
export function scale(kind: ScaleKind, range: Range, start: number, end: number): Scale {
  const turn = kind === "log" ? Math.log10 : (value: number) => value;
  const turnBack = kind === "log" ? (value: number) => 10 ** value : (value: number) => value;
  const low = turn(range.from);
  // A range without length is drawn in the middle.
  const length = turn(range.to) - low;
  const of = (value: number) => {
    if (kind === "log" && value <= 0) return Number.NaN;
    return length === 0 ? (start + end) / 2 : start + ((turn(value) - low) / length) * (end - start);
  };
  const back = (pixel: number) => turnBack(low + ((pixel - start) / (end - start)) * length);
  return { kind, range, of, back };
}

/** The range of all finite numbers among these; `null` when there is none. On a logarithmic axis, of those above zero. */
export function rangeOf(kind: ScaleKind, ...columns: Iterable<number>[]): Range | null {
  let from = Infinity;
  let to = -Infinity;
  for (const column of columns) {
    for (const value of column) {
      if (!Number.isFinite(value) || (kind === "log" && value <= 0)) continue;
      if (value < from) from = value;
      if (value > to) to = value;
    }
  }
  return from <= to ? { from, to } : null;
}

/** A little wider on both sides, so that nothing lies on the edge; a single number gets room around it. */
export function padded(kind: ScaleKind, range: Range, share = 0.05): Range {
  if (kind === "log") {
    const factor = range.to > range.from ? (range.to / range.from) ** share : 2;
    return { from: range.from / factor, to: range.to * factor };
  }
  const length = range.to - range.from;
  const room = length > 0 ? length * share : Math.abs(range.from) * 0.1 || 1;
  return { from: range.from - room, to: range.to + room };
}

/** About so many round numbers within a range. */
export function ticks(kind: ScaleKind, range: Range, count: number): number[] {
  return kind === "log" ? logTicks(range, count) : linearTicks(range, count);
}

function linearTicks({ from, to }: Range, count: number): number[] {
  const length = to - from;
  if (!(length > 0) || !Number.isFinite(length)) return Number.isFinite(from) ? [from] : [];
  const step = roundStep(length / Math.max(1, count));
  const found: number[] = [];
  const first = Math.ceil(from / step - 1e-9) + 0;
  for (let index = first; index * step <= to + step * 1e-9 && found.length < 1_000; index += 1) {
    // Multiplying by a fraction such as 0.1 leaves a tail, dividing by a whole number does not.
    found.push(step < 1 ? index / Math.round(1 / step) : index * step);
  }
  return step < 1e-9 ? found.map((value, index) => (Number.isFinite(value) ? value : (first + index) * step)) : found;
}

/** The round number (1, 2 or 5 times a power of ten) that is at least this. */
export function roundStep(least: number): number {
  const power = 10 ** Math.floor(Math.log10(least));
  const factor = [1, 2, 5].find((round) => round * power >= least * (1 - 1e-9)) ?? 10;
  return factor * power;
}

function logTicks({ from, to }: Range, count: number): number[] {
  if (!(from > 0) || !(to > from)) return from > 0 ? [from] : [];
  const low = Math.ceil(Math.log10(from) - 1e-9);
  const high = Math.floor(Math.log10(to) + 1e-9);
  const every = Math.max(1, Math.ceil((high - low + 1) / Math.max(1, count)));
  const found: number[] = [];
  for (let power = low; power <= high; power += every) found.push(10 ** power);
  if (found.length >= 2) return found;
  const between: number[] = [];
  for (let power = low - 1; power <= high; power += 1) {
    for (const factor of [1, 2, 5]) {
      const value = factor * 10 ** power;
      if (value >= from && value <= to) between.push(value);
    }
  }
  return between.length >= 2 ? between : linearTicks({ from, to }, count);
}

/** A number as an axis or a label shows it: four significant digits, short for large and small ones. */
export function shortNumber(value: number): string {
  if (Number.isNaN(value)) return "NaN";
  if (!Number.isFinite(value)) return value > 0 ? "∞" : "−∞";
  if (value === 0) return "0";
  const size = Math.abs(value);
  const text =
    size >= 1e15 || size < 1e-4
      ? value.toExponential(2).replace(/\.?0+e/, "e").replace("e+", "e")
      : size >= 1e6
        ? grouped(value)
        : String(Number(value.toPrecision(size >= 1e4 ? 6 : 4)));
  return text.replace(/^-/, "−");
}

function grouped(value: number): string {
  const [divisor, letter] = Math.abs(value) >= 1e12 ? [1e12, "T"] : Math.abs(value) >= 1e9 ? [1e9, "G"] : [1e6, "M"];
  return String(Number((value / divisor).toPrecision(4))) + letter;
}

/** Seconds as people say them. */
export function shortDuration(seconds: number): string {
  const size = Math.abs(seconds);
  if (size < 120) return `${shortNumber(seconds)} s`;
  if (size < 7_200) return `${shortNumber(Number((seconds / 60).toFixed(1)))} min`;
  if (size < 172_800) return `${shortNumber(Number((seconds / 3_600).toFixed(1)))} h`;
  return `${shortNumber(Number((seconds / 86_400).toFixed(1)))} d`;
}

const SPANS_S = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 10_800, 21_600, 43_200, 86_400];

/** Round times within a range of ms since 1970, in local time. */
export function timeTicks({ from, to }: Range, count: number): number[] {
  const least = (to - from) / 1_000 / Math.max(1, count);
  const span = SPANS_S.find((each) => each >= least) ?? roundStep(least / 86_400) * 86_400;
  const step = (least < 0.5 ? roundStep(Math.max(least, 1e-3)) : span) * 1_000;
  const shift = new Date(from).getTimezoneOffset() * 60_000;
  const found: number[] = [];
  for (let at = Math.ceil((from - shift) / step) * step + shift; at <= to && found.length < 100; at += step) found.push(at);
  return found;
}

/** Round lengths of time within a range of seconds: what `shortDuration` says of them is round, too. */
export function durationTicks({ from, to }: Range, count: number): number[] {
  // Half a minute, hour or day is the least that reads well where they are the unit.
  const half = to < 120 ? 0 : to < 7_200 ? 30 : to < 172_800 ? 1_800 : 43_200;
  const least = Math.max(half, (to - from) / Math.max(1, count));
  const span = SPANS_S.find((each) => each >= least) ?? roundStep(least / 86_400) * 86_400;
  const step = least < 0.5 ? roundStep(Math.max(least, 1e-9)) : span;
  const found: number[] = [];
  for (let index = Math.ceil(from / step); index * step <= to && found.length < 100; index += 1) found.push(index * step);
  return found;
}

/** A time as an axis of that length shows it. */
export function shortTime(ms: number, range: Range): string {
  const date = new Date(ms);
  const two = (value: number) => String(value).padStart(2, "0");
  const clock = `${two(date.getHours())}:${two(date.getMinutes())}`;
  const length = range.to - range.from;
  if (length < 600_000) return `${clock}:${two(date.getSeconds())}`;
  if (length < 86_400_000) return clock;
  const day = `${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  return length < 8 * 86_400_000 ? `${day} ${clock}` : length < 300 * 86_400_000 ? day : `${date.getFullYear()}-${day}`;
}
