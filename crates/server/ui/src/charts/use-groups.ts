/**
 * How a metric lies over groups of runs: asked for when it is seen, and its end again while the runs go on.
 *
 * Invariants: what is known is shown until there is newer; it is asked for at most once a second, from the first step on
 * that something was logged at, because one more point of one run changes the mean of every group that the run is in;
 * points outside of what is seen ask for nothing.
 */
import { useRef } from "preact/hooks";

import { post } from "../api/client";
import { useResource, type Resource } from "../api/resource";
import type { Groups } from "../api/types";
import { useTicks, type Tick } from "../live/live";
import { staleness } from "../live/staleness";
import { pinnedAt } from "../state/url";
import { bareName } from "./batch";
import { tailFrom, withTail } from "./group-tail";
import type { Range } from "./scale";
import { useReloads } from "./use-reloads";

export interface RunGroup {
  readonly name: string;
  readonly runs: readonly string[];
}

const AGAIN_MS = 1_000;
const BUCKETS = 400;

export function useGroups(metric: string, groups: readonly RunGroup[], zoom: Range | null): Resource<Groups> {
  const question = {
    groups, metrics: [bareName(metric)], buckets: BUCKETS, at: pinnedAt.value,
    ...(zoom === null ? {} : { from: Math.floor(zoom.from), to: Math.ceil(zoom.to) }),
  };
  // After a break everything is asked for: what came meanwhile was not told.
  const about = JSON.stringify([question, metric, staleness.value]);
  const known = useRef<{ readonly about: string; readonly value: Groups } | null>(null);
  const dirty = useRef<number | null>(null);
  const resource = useResource(JSON.stringify([question, metric]), async (signal) => {
    const [before, step] = [known.current?.about === about ? known.current.value : null, dirty.current];
    dirty.current = null;
    const from = before === null || step === null || zoom !== null ? null : tailFrom(before, metric, step, BUCKETS);
    try {
      const answer = await post<Groups>("/history/groups", { ...question, ...(from === null ? {} : { from }) }, { signal });
      const value = before === null || from === null ? answer : withTail(before, answer, from);
      known.current = { about, value };
      return value;
    } catch (error) {
      // The next question is for this part, too.
      if (step !== null) dirty.current = Math.min(step, dirty.current ?? step);
      throw error;
    }
  });
  const first = (tick: Tick): number | null => firstStep(tick, metric, groups, zoom);
  useTicks({}, (tick) => {
    const step = first(tick);
    if (step !== null) dirty.current = Math.min(step, dirty.current ?? step);
  });
  useReloads((tick) => first(tick) !== null, resource, AGAIN_MS);
  return resource;
}

/** The first step that a tick tells points of these groups at; null when there are none that are seen. */
export function firstStep(tick: Tick, metric: string, groups: readonly RunGroup[], zoom: Range | null): number | null {
  const isOurs = (run: string): boolean => groups.some(({ runs }) => runs.includes(run));
  const steps = tick.points.filter((points) => points.metric === metric && isOurs(points.run)).map((points) => points.step_first);
  const step = steps.length === 0 ? null : Math.min(...steps);
  return step !== null && zoom !== null && step > Math.ceil(zoom.to) ? null : step;
}
