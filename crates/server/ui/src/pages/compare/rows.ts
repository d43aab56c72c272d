/**
 * The rows of a comparison: differences first, equal ones folded, numbers against a baseline.
 * Invariant: every name of every run is in exactly one row; a value that a run does not have is null, which differs
 * from every value.
 */

export type Value = string | number | boolean | null;
export type Direction = "min" | "max" | null;

export interface CompareRow {
  readonly name: string;
  readonly values: readonly Value[];
  readonly differs: boolean;
}

export interface Parted {
  readonly differing: readonly CompareRow[];
  readonly equal: readonly CompareRow[];
}

export interface Change {
  /** The part by which the value is more than the baseline's: 0.1 is ten percent more. */
  readonly relative: number | null;
  readonly absolute: number;
  readonly verdict: "better" | "worse" | "same" | "unjudged";
}

const ORDER = new Intl.Collator("en", { numeric: true });

/** What JSON has, as the text or number that is shown and compared. */
export function valueOf(value: unknown): Value {
  if (value === undefined || value === null) return null;
  if (typeof value === "string" || typeof value === "number" || typeof value === "boolean") return value;
  return JSON.stringify(value);
}

/** Rows of maps of names, one map per run. */
export function rowsOfMaps(maps: readonly (Readonly<Record<string, unknown>> | undefined)[]): readonly CompareRow[] {
  const names = new Set<string>();
  for (const map of maps) for (const name of Object.keys(map ?? {})) names.add(name);
  return [...names].sort(ORDER.compare).map((name) => {
    const values = maps.map((map) => (map && Object.hasOwn(map, name) ? valueOf(map[name]) : null));
    return { name, values, differs: values.some((value) => value !== values[0]) };
  });
}

/** Those that differ and those that do not, of the names that hold `search`. */
export function parted(rows: readonly CompareRow[], search = ""): Parted {
  const words = search.toLowerCase().split(/\s+/).filter((word) => word !== "");
  const isFound = (row: CompareRow): boolean => words.every((word) => row.name.toLowerCase().includes(word));
  const found = words.length === 0 ? rows : rows.filter(isFound);
  return { differing: found.filter((row) => row.differs), equal: found.filter((row) => !row.differs) };
}

/** The number that a value is, also when it came as one of the texts of numbers that JSON does not have. */
export function numberOf(value: Value): number | null {
  if (typeof value === "number") return value;
  if (value === "NaN" || value === "Infinity" || value === "-Infinity") return Number(value);
  return null;
}

/** How a value compares with the baseline's, judged by the direction in which its metric is better. */
export function changeOf(value: Value, baseline: Value, direction: Direction): Change | null {
  const now = numberOf(value);
  const then = numberOf(baseline);
  if (now === null || then === null || !Number.isFinite(now) || !Number.isFinite(then)) return null;
  const absolute = now - then;
  const relative = then === 0 ? (absolute === 0 ? 0 : null) : absolute / Math.abs(then);
  if (absolute === 0) return { relative, absolute, verdict: "same" };
  if (direction === null) return { relative, absolute, verdict: "unjudged" };
  return { relative, absolute, verdict: absolute > 0 === (direction === "max") ? "better" : "worse" };
}

/** Where the best of a row's values are. */
export function bestOf(values: readonly Value[], direction: Direction): ReadonlySet<number> {
  if (direction === null) return new Set();
  const numbers = values.map((value) => numberOf(value));
  const known = numbers.filter((value): value is number => value !== null && !Number.isNaN(value));
  if (known.length < 2) return new Set();
  const best = known.reduce((one, other) => (direction === "max" ? Math.max(one, other) : Math.min(one, other)));
  if (known.every((value) => value === best)) return new Set();
  return new Set(numbers.flatMap((value, at) => (value === best ? [at] : [])));
}

/** The direction in which a metric is better: known of an experiment's goal alone, and not guessed for others. */
export function directionOf(metric: string, goal: { metric: string; direction: "min" | "max" } | null): Direction {
  return goal !== null && goal.metric === metric ? goal.direction : null;
}
