/**
 * What stands in a cell, as text.
 *
 * Invariant: a value that is shown short is in the title in full; what a run lacks is an empty cell, not a word.
 */

/** A value as the interface has it; NaN and infinities are texts. */
export type Cell = number | string | boolean | null | undefined | { readonly [name: string]: unknown } | readonly unknown[];

const SHOWN_MAX = 160;

/** The text of a cell. */
export function cellText(value: Cell, column: string): string {
  if (value === null || value === undefined) return "";
  if (column === ".took" && typeof value === "number") return lengthText(value);
  if (typeof value === "number") return numberText(value);
  const text = typeof value === "object" ? JSON.stringify(value) : String(value);
  // A name of ten thousand characters would cost as much to lay out as all other cells together.
  return text.length > SHOWN_MAX ? `${text.slice(0, SHOWN_MAX)}…` : text;
}

/** A number in five significant digits. */
export function numberText(value: number): string {
  if (Number.isInteger(value) && Math.abs(value) < 1e9) return Object.is(value, -0) ? "-0" : String(value);
  const size = Math.abs(value);
  if (size !== 0 && (size < 1e-4 || size >= 1e9)) return value.toExponential(3).replace("e+", "e");
  return String(Number(value.toPrecision(5)));
}

/** A length of time in its two largest units. */
export function lengthText(seconds: number): string {
  if (seconds < 60) return seconds < 10 ? `${Number(seconds.toFixed(seconds < 1 ? 2 : 1))}s` : `${Math.round(seconds)}s`;
  const units: [string, number][] = [["d", 86_400], ["h", 3_600], ["m", 60], ["s", 1]];
  const at = units.findIndex(([, size]) => seconds >= size);
  const [unit, size] = units[at] ?? ["s", 1];
  const [below, small] = units[at + 1] ?? ["s", 1];
  const rest = Math.floor((seconds % size) / small);
  return `${Math.floor(seconds / size)}${unit}${rest > 0 ? ` ${rest}${below}` : ""}`;
}

/** All of a value, for titles and for copying. */
export function wholeText(value: Cell): string {
  if (value === null || value === undefined) return "";
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}
