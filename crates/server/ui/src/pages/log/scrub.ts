/**
 * The whole log as a line: where on it a record stands, and what time it was there.
 *
 * Invariants: the line is even in records, so that gaps in their numbers take no room; the place of a record's place is
 * that record, as near as the moments that are known allow.
 */
export interface Moment {
  readonly lsn: number;
  /** In ms since 1970. */
  readonly time: number;
}

/** The record at a place from 0 to 1. */
export function lsnAt(moments: readonly Moment[], place: number): number {
  const { before, behind, part } = around(moments, place * (moments.length - 1));
  return Math.round(before.lsn + (behind.lsn - before.lsn) * part);
}

/** About what time it was at a record. */
export function timeAt(moments: readonly Moment[], lsn: number): number {
  const { before, behind, part } = around(moments, indexOf(moments, lsn));
  return before.time + (behind.time - before.time) * part;
}

/** The place of a record, from 0 to 1. */
export function placeOf(moments: readonly Moment[], lsn: number): number {
  return moments.length < 2 ? 0 : indexOf(moments, lsn) / (moments.length - 1);
}

/** The place of a time, from 0 to 1. */
export function placeOfTime(moments: readonly Moment[], time: number): number {
  const behind = moments.findIndex((moment) => moment.time >= time);
  if (moments.length < 2 || behind === 0) return 0;
  if (behind < 0) return 1;
  const [low, high] = [moments[behind - 1], moments[behind]];
  if (low === undefined || high === undefined) return 1;
  const part = high.time === low.time ? 1 : (time - low.time) / (high.time - low.time);
  return (behind - 1 + part) / (moments.length - 1);
}

function indexOf(moments: readonly Moment[], lsn: number): number {
  const behind = moments.findIndex((moment) => moment.lsn >= lsn);
  if (behind === 0) return 0;
  if (behind < 0) return Math.max(0, moments.length - 1);
  const [low, high] = [moments[behind - 1], moments[behind]];
  if (low === undefined || high === undefined) return behind;
  return behind - 1 + (lsn - low.lsn) / (high.lsn - low.lsn);
}

function around(moments: readonly Moment[], index: number): { before: Moment; behind: Moment; part: number } {
  const none = { lsn: 0, time: 0 };
  const low = Math.min(moments.length - 1, Math.max(0, Math.floor(index)));
  const before = moments[low] ?? none;
  const behind = moments[low + 1] ?? before;
  return { before, behind, part: Math.min(1, Math.max(0, index - low)) };
}
