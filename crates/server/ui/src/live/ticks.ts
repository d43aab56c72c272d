/**
 * Ticks of the live stream: taken together, and cut down to what somebody wants.
 *
 * Invariants: taking together keeps the order of the log and is bounded; a tick that lost points says so by a `count`
 * above the number of its points, as the server's do.
 */
import type { Tick as Told, TickPoints } from "../api/types";

/** What happened since the tick before. */
export type Tick = Told;

/** Which part of it is wanted; `experiment` is a name. All when nothing is said. */
export interface TickFilter {
  readonly run?: string;
  readonly experiment?: string;
}

/** The most points of a metric, and the most other events, that are kept. */
export const POINTS_MAX = 4_000;
export const EVENTS_MAX = 8_000;
/** The most points of all metrics together. */
export const ALL_POINTS_MAX = 200_000;

/** Whether more is held back than is worth telling one by one: what is visible is then loaded anew instead. */
export function isTooMuch(tick: Tick): boolean {
  return tick.events.length >= EVENTS_MAX || tick.points.reduce((sum, { step }) => sum + step.length, 0) >= ALL_POINTS_MAX;
}

/** Two ticks as one. */
export function merged(first: Tick | null, second: Tick): Tick {
  if (first === null) return second;
  const places = new Map(first.points.map((points) => [placeOf(points), points]));
  for (const points of second.points) {
    const before = places.get(placeOf(points));
    places.set(placeOf(points), before === undefined ? points : joined(before, points));
  }
  return {
    lsn: second.lsn,
    points: [...places.values()],
    events: [...first.events, ...second.events].slice(-EVENTS_MAX),
  };
}

function placeOf(points: TickPoints): string {
  return `${points.run} ${points.metric}`;
}

function joined(first: TickPoints, second: TickPoints): TickPoints {
  return {
    ...second,
    count: first.count + second.count,
    step_first: Math.min(first.step_first, second.step_first),
    step: [...first.step, ...second.step].slice(-POINTS_MAX),
    time_ms: [...first.time_ms, ...second.time_ms].slice(-POINTS_MAX),
    value: [...first.value, ...second.value].slice(-POINTS_MAX),
  };
}

/** The part of a tick that a filter admits; null when that is nothing. */
export function wanted(tick: Tick, filter: TickFilter): Tick | null {
  const isWanted = (about: { run?: string | null; experiment?: string | null }): boolean =>
    (filter.run === undefined || about.run === filter.run) &&
    (filter.experiment === undefined || about.experiment === filter.experiment);
  const points = tick.points.filter(isWanted);
  const events = tick.events.filter(isWanted);
  return points.length === 0 && events.length === 0 ? null : { lsn: tick.lsn, points, events };
}
