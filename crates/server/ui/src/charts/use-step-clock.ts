/**
 * The clock of steps of a run, by one of its metrics.
 *
 * Invariant: however long the history is, two short answers make the clock: one over time and one over steps.
 */
import { histories } from "../api/columns";
import { useResource } from "../api/resource";
import { pinnedAt } from "../state/url";
import { bareName } from "./batch";
import { lineOf } from "./line-model";
import { clockOf, type StepClock } from "./step-clock";
import { useReloads } from "./use-reloads";

const BUCKETS = 1_000;
const AGAIN_MS = 5_000;

/** The clock; null while it is not known, and without a metric. */
export function useStepClock(run: string, metric: string | null): StepClock | null {
  const resource = useResource<StepClock | null>(`steps ${run} ${metric} ${pinnedAt.value}`, async (signal) => {
    if (metric === null) return null;
    const question = { runs: [run], metrics: [bareName(metric)], buckets: BUCKETS };
    const [overTime, overSteps] = await Promise.all([histories({ ...question, x: "time" }, { signal }), histories(question, { signal })]);
    const lines = [overTime, overSteps].map((found) => found.find((history) => history.metric === metric));
    const [time, steps] = lines;
    return time === undefined || steps === undefined ? null : clockOf(lineOf(time), lineOf(steps));
  });
  useReloads((tick) => metric !== null && tick.points.some((points) => points.run === run && points.metric === metric), resource, AGAIN_MS);
  return resource.value.value ?? null;
}
