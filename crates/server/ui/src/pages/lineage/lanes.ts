/**
 * Things by kind and time, put together where they would lie on each other.
 *
 * Invariant: a thing with a time is in exactly one mark.
 */
import { KINDS, type Graph, type Kind } from "./graph";

export interface Lanes {
  readonly lanes: readonly { readonly kind: Kind; readonly marks: readonly LaneMark[] }[];
  /** In ms since 1970. */
  readonly from: number;
  readonly to: number;
  /** How many things have no time. */
  readonly untimed: number;
}

export interface LaneMark {
  /** From 0 to 1 of the time. */
  readonly at: number;
  readonly places: readonly number[];
}

/** The lanes of a graph, with at most so many marks in each. */
export function lanesOf(graph: Graph, marksMax: number): Lanes {
  const times = graph.things.map(({ created }) => (created === null ? NaN : Date.parse(created)));
  const known = times.filter((time) => !Number.isNaN(time));
  const from = known.reduce((low, time) => Math.min(low, time), Infinity);
  const to = known.reduce((high, time) => Math.max(high, time), -Infinity);
  const steps = Math.max(1, marksMax - 1);
  const lanes = KINDS.flatMap((kind) => {
    const marks = new Map<number, number[]>();
    graph.things.forEach((thing, place) => {
      const time = times[place] ?? NaN;
      if (thing.kind !== kind || Number.isNaN(time)) return;
      const step = to === from ? 0 : Math.round(((time - from) / (to - from)) * steps);
      const held = marks.get(step);
      if (held === undefined) marks.set(step, [place]);
      else held.push(place);
    });
    const sorted = [...marks].sort(([a], [b]) => a - b);
    return sorted.length === 0 ? [] : [{ kind, marks: sorted.map(([step, places]) => ({ at: step / steps, places })) }];
  });
  return { lanes, from: known.length === 0 ? 0 : from, to: known.length === 0 ? 0 : to, untimed: times.length - known.length };
}
