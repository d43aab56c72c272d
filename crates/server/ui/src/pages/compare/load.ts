/**
 * What a comparison is made of.
 *
 * Invariant: runs are in the order of the address; one that cannot be found is named and leaves the others as they are.
 */
import { get, post, type ApiError } from "../../api/client";
import { asApiError } from "../../api/resource";
import type { Comparison, Goal, Run } from "../../api/types";
import { pinnedAt } from "../../state/url";

export const RUNS_MAX = 100;
const AT_ONCE = 8;
const FIELDS = "id,short,name,number,state,silent_s,experiment,experiment_id,created,started,ended,parent,seed,params,lines,lsn";

export type Member = Pick<
  Run,
  "id" | "short" | "name" | "number" | "state" | "silent_s" | "experiment" | "experiment_id" | "created" | "started" | "ended" | "parent" | "seed" | "params" | "lines" | "lsn"
>;

export interface Compared {
  readonly members: readonly Member[];
  readonly comparison: Comparison;
  readonly goal: Goal | null;
  /** Runs that could not be read, with why. */
  readonly missing: readonly { readonly name: string; readonly error: ApiError }[];
}

/** Does `work` for each, so many at once. */
export async function each<T, R>(items: readonly T[], work: (item: T, at: number) => Promise<R>): Promise<R[]> {
  const results: R[] = new Array<R>(items.length);
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < items.length) {
      const at = next;
      next += 1;
      results[at] = await work(items[at] as T, at);
    }
  };
  await Promise.all(Array.from({ length: Math.min(AT_ONCE, items.length) }, worker));
  return results;
}

/** The runs of these names and what they differ in; null when none of them can be read. */
export async function load(names: readonly string[], signal: AbortSignal): Promise<Compared> {
  const missing: { name: string; error: ApiError }[] = [];
  const found = await each([...new Set(names)].slice(0, RUNS_MAX), async (name) => {
    try {
      return await get<Member>(`/runs/${encodeURIComponent(name)}`, { fields: FIELDS }, { signal });
    } catch (error) {
      if (signal.aborted) throw error;
      missing.push({ name, error: asApiError(error) });
      return null;
    }
  });
  const members = found.filter((run): run is Member => run !== null);
  const none: Comparison = { runs: [], params: [], tags: [], metrics: [], lsn: 0 };
  if (members.length === 0) return { members, comparison: none, goal: null, missing };
  const body = { runs: members.map((run) => run.id), differing: false, at: pinnedAt.peek() };
  const experiment = members[0]?.experiment_id;
  const [comparison, goal] = await Promise.all([
    post<Comparison>("/runs/compare", body, { signal }),
    get<{ goal?: Goal | null }>(`/experiments/${experiment}`, { fields: "goal" }, { signal }).then(
      (told) => told.goal ?? null,
      () => null,
    ),
  ]);
  return { members, comparison, goal, missing };
}
