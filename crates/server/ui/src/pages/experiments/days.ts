/**
 * How many things there were on each of the last days.
 *
 * Invariant: a day is one of the user's clock; the last one is today.
 */

export const DAYS = 30;
const DAY_MS = 86_400_000;

/** Counts by day, the oldest first. */
export function byDay(times: readonly string[], now: number, days = DAYS): number[] {
  const today = startOfDay(now);
  const counts = new Array<number>(days).fill(0);
  for (const time of times) {
    // Two days of a year have an hour more or less.
    const ago = Math.round((today - startOfDay(time)) / DAY_MS);
    const place = days - 1 - ago;
    if (place >= 0 && place < days) counts[place] = (counts[place] ?? 0) + 1;
  }
  return counts;
}

function startOfDay(time: string | number): number {
  return new Date(time).setHours(0, 0, 0, 0);
}
