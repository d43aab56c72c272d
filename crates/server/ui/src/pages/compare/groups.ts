/**
 * Replicates: runs whose parameters are equal but for the seed, with what their metrics come to.
 * Invariant: every run is in exactly one group; a group of one has no deviation, and values that are no finite number
 * are counted and left out instead of spoiling the mean.
 */
import { numberOf, valueOf, type Value } from "./rows";

export interface Replicated {
  readonly id: string;
  readonly params: Readonly<Record<string, unknown>>;
}

export interface Group {
  /** What tells this group from the others: only the parameters in which the groups differ. */
  readonly label: string;
  readonly runs: readonly string[];
}

export interface Summary {
  readonly count: number;
  readonly leftOut: number;
  readonly mean: number | null;
  /** Of a sample: divided by one less than there are. */
  readonly deviation: number | null;
}

const SEED = /(^|[._/-])(random_?)?(seed|random_state)$/i;

/** Whether a parameter is a seed by its name. */
export function isSeed(name: string): boolean {
  return SEED.test(name);
}

function keyOf(params: Readonly<Record<string, unknown>>, names: readonly string[]): string {
  return JSON.stringify(names.map((name) => (Object.hasOwn(params, name) ? [typeof params[name], valueOf(params[name])] : null)));
}

/** The groups in the order of their first runs. Parameters in `ignored` tell no groups apart, like the seed. */
export function groupsOf(runs: readonly Replicated[], ignored: ReadonlySet<string> = new Set()): readonly Group[] {
  const names = new Set<string>();
  for (const run of runs) for (const name of Object.keys(run.params)) if (!isSeed(name) && !ignored.has(name)) names.add(name);
  const sorted = [...names].sort();
  const byKey = new Map<string, Replicated[]>();
  for (const run of runs) {
    const key = keyOf(run.params, sorted);
    const list = byKey.get(key);
    if (list) list.push(run);
    else byKey.set(key, [run]);
  }
  const firsts = [...byKey.values()].flatMap((list) => list.slice(0, 1));
  const differing = sorted.filter((name) => new Set(firsts.map((run) => keyOf(run.params, [name]))).size > 1);
  return [...byKey.values()].map((list) => ({ label: labelOf(list[0], differing), runs: list.map((run) => run.id) }));
}

function labelOf(run: Replicated | undefined, names: readonly string[]): string {
  if (!run || names.length === 0) return "all parameters equal";
  return names.map((name) => `${name}=${String(Object.hasOwn(run.params, name) ? valueOf(run.params[name]) : "–")}`).join(" ");
}

/** Number, mean and deviation of values (Welford's way, which large means do not spoil). */
export function summaryOf(values: readonly Value[]): Summary {
  let count = 0;
  let leftOut = 0;
  let mean = 0;
  let squares = 0;
  for (const value of values) {
    const number = numberOf(value);
    if (number === null) continue;
    if (!Number.isFinite(number)) {
      leftOut += 1;
      continue;
    }
    count += 1;
    const step = number - mean;
    mean += step / count;
    squares += step * (number - mean);
  }
  return { count, leftOut, mean: count > 0 ? mean : null, deviation: count > 1 ? Math.sqrt(squares / (count - 1)) : null };
}
