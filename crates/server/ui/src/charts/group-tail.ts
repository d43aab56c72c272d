/**
 * How groups go on: what is known of them, with a newer end.
 *
 * Invariants: an end begins where a known place begins, so that no step counts at two places; what the end does not tell
 * of a group stays as it was before it.
 */
import type { GroupHistory, Groups, SpreadColumns } from "../api/types";

/** More places than these are asked for anew as a whole: they would be finer at the end than anybody sees. */
const SLACK = 1.5;

/**
 * The step from which the groups have to be asked for again, when points from a step on have come; null when all of it
 * has to be.
 */
export function tailFrom(known: Groups, metric: string, dirty: number, buckets: number): number | null {
  const spreads = known.items.filter((item) => item.metric === metric).map(({ spread }) => spread);
  if (spreads.length === 0 || spreads.some(({ step_first: first }) => first.length > SLACK * buckets)) return null;
  let from = dirty;
  for (let isMoved = true; isMoved; ) {
    isMoved = false;
    for (const { step_first: first, step_last: last } of spreads) {
      const place = last.findIndex((step) => step >= from);
      const begin = first[place];
      if (begin === undefined || begin >= from) continue;
      [from, isMoved] = [begin, true];
    }
  }
  const first = Math.min(...spreads.map((spread) => spread.step_first[0] ?? Infinity));
  return from > first ? from : null;
}

/** What is known up to a step, and the end from there on. */
export function withTail(known: Groups, tail: Groups, from: number): Groups {
  const nameOf = ({ group, metric }: GroupHistory): string => JSON.stringify([group, metric]);
  const ends = new Map(tail.items.map((item) => [nameOf(item), item]));
  const items = known.items.map((item): GroupHistory => {
    const end = ends.get(nameOf(item));
    ends.delete(nameOf(item));
    const kept = item.spread.step_first.findIndex((step) => step >= from);
    const spread = joined(item.spread, kept < 0 ? item.spread.step_first.length : kept, end?.spread);
    return { ...item, runs: Math.max(item.runs, end?.runs ?? 0), spread };
  });
  // A group that has the metric for the first time is all end.
  return { items: [...items, ...ends.values()], lsn: tail.lsn };
}

function joined(before: SpreadColumns, kept: number, end: SpreadColumns | undefined): SpreadColumns {
  const names = Object.keys(before) as (keyof SpreadColumns)[];
  return Object.fromEntries(names.map((name) => [name, [...before[name].slice(0, kept), ...(end?.[name] ?? [])]])) as SpreadColumns;
}
