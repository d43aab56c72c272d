/**
 * How a metric lies over groups of runs: asked for when it is seen, and again while the runs go on.
 *
 * Invariants: what is known is shown until there is newer; it is asked for at most once a second, because one more point
 * of one run changes the mean of every group that the run is in.
 */
import { post } from "../api/client";
import { useResource, type Resource } from "../api/resource";
import type { Groups } from "../api/types";
import { pinnedAt } from "../state/url";
import { bareName } from "./batch";
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
  const resource = useResource(JSON.stringify([question, metric]), (signal) => post<Groups>("/history/groups", question, { signal }));
  const isOurs = (run: string) => groups.some(({ runs }) => runs.includes(run));
  useReloads((tick) => tick.points.some((points) => points.metric === metric && isOurs(points.run)), resource, AGAIN_MS);
  return resource;
}
