/**
 * The run that a page is about, with what changes how it is shown.
 *
 * Invariant: the run is loaded anew when something happened to it, at most once a second, and stays visible meanwhile.
 */
import { createContext } from "preact";
import { useContext, useEffect, useRef } from "preact/hooks";

import { get, type ApiError } from "../../api/client";
import { useResource, type Resource } from "../../api/resource";
import type { Experiment, Goal, Run } from "../../api/types";
import { useTicks } from "../../live/live";
import { whyFixed } from "../../state/rights";
import { pinnedAt } from "../../state/url";

export interface RunView {
  readonly run: Run;
  readonly goal: Goal | null;
  /** Why it is not known. */
  readonly goalError?: { readonly error: ApiError; readonly retry: () => void } | undefined;
  /** Why nothing can be changed here; null when it can. */
  readonly whyFixed: string | null;
  reload(): void;
}

export const RunContext = createContext<RunView | null>(null);

/** The run of the page around. */
export function useRun(): RunView {
  const view = useContext(RunContext);
  if (view === null) throw new Error("there is no run around this part");
  return view;
}

/** Calls `work` at once and then at most every `interval_ms`, the last call always included. */
export function useThrottled(work: () => void, intervalMs: number): () => void {
  const newest = useRef(work);
  newest.current = work;
  const state = useRef({ last: 0, timer: 0 });
  useEffect(() => () => clearTimeout(state.current.timer), []);
  return () => {
    const now = performance.now();
    const wait = state.current.last + intervalMs - now;
    clearTimeout(state.current.timer);
    const go = (): void => {
      state.current.last = performance.now();
      newest.current();
    };
    if (wait <= 0) go();
    else state.current.timer = window.setTimeout(go, wait);
  };
}

/** A run by what it is called in the address. */
export function useRunOf(name: string): Resource<Run> {
  // Once it is known it is asked for by its id: a name can be given away while the page is open.
  const known = useRef<string | null>(null);
  const loaded = useResource<Run>(`run ${name}`, async (signal) => {
    const run = await get<Run>(`/runs/${encodeURIComponent(known.current ?? name)}`, {}, { signal });
    known.current = run.id;
    return run;
  });
  const reload = useThrottled(loaded.reload, 1_000);
  const id = loaded.value.value?.id;
  useTicks(id === undefined ? { run: name } : { run: id }, reload);
  const isRunning = loaded.value.value?.state === "running";
  useEffect(() => {
    if (!isRunning || pinnedAt.value !== null) return undefined;
    // Silence and loss are no records: they come of nothing happening.
    const timer = setInterval(loaded.reload, 20_000);
    return () => clearInterval(timer);
  }, [isRunning, pinnedAt.value]);
  return loaded;
}

/** The goal of an experiment, asked for once; why it is not known, when that is so. */
export function useGoal(experiment: number | undefined): Pick<RunView, "goal" | "goalError"> {
  const path = `/experiments/${experiment ?? ""}`;
  const loaded = useResource<Pick<Experiment, "goal"> | null>(path, (signal) =>
    experiment === undefined ? Promise.resolve(null) : get(path, { fields: "goal" }, { signal }),
  );
  const error = loaded.error.value;
  return { goal: loaded.value.value?.goal ?? null, goalError: error && { error, retry: loaded.reload } };
}

/** Why nothing can be changed; null when it can. */
export function useWhyFixed(): string | null {
  return whyFixed.value;
}

/** For how many seconds a run has been running, or ran. */
export function runSeconds(run: Pick<Run, "started" | "ended" | "state">, nowMs: number): number | null {
  if (run.started === null || run.started === undefined) return null;
  const end = run.ended === null || run.ended === undefined || run.state === "running" ? nowMs : Date.parse(run.ended);
  return Math.max(0, (end - Date.parse(run.started)) / 1000);
}
