/**
 * The lines of a panel: asked for when it is seen, kept while it looks elsewhere, and longer with every tick.
 *
 * Invariants: what is known stays until there is newer; a point is drawn within a second of its record; while nobody
 * looks nothing is asked for; a line has at most a quarter more places than were asked for, however long it goes on.
 */
import { useSignal, useSignalEffect, type ReadonlySignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";

import type { ApiError } from "../api/client";
import { asApiError } from "../api/resource";
import { staleness } from "../live/staleness";
import { useTicks, type Tick } from "../live/live";
import { pinnedAt } from "../state/url";
import { askLines, type LineQuestion } from "./batch";
import { appended, decades, merged, type Line } from "./line-model";

export interface Lines {
  readonly lines: ReadonlySignal<readonly Line[]>;
  readonly error: ReadonlySignal<ApiError | undefined>;
  readonly isLoading: ReadonlySignal<boolean>;
  reload(): void;
}

/** A line that is asked for again is so at most this often. */
const AGAIN_MS = 800;
/** By how much a line may have more places than were asked for before it is put together. */
const SLACK = 1.25;

/** The lines of a metric of runs; nothing is asked for before `isSeen`. */
export function useLines(question: LineQuestion, isSeen: boolean): Lines {
  const lines = useSignal<readonly Line[]>([]);
  const error = useSignal<ApiError | undefined>(undefined);
  const isLoading = useSignal(false);
  const seen = useSignal(isSeen);
  seen.value = isSeen;
  const key = useSignal("");
  key.value = JSON.stringify(question);
  const newest = useRef(question);
  newest.current = question;
  const again = useSignal(0);
  const timer = useRef<ReturnType<typeof setTimeout> | null>(null);

  useSignalEffect(() => {
    void [key.value, again.value, pinnedAt.value, staleness.value];
    if (!seen.value) return undefined;
    const abort = new AbortController();
    isLoading.value = true;
    askLines(newest.current, abort.signal).then(
      (found) => {
        if (abort.signal.aborted) return;
        lines.value = found;
        error.value = undefined;
        isLoading.value = false;
      },
      (reason: unknown) => {
        if (abort.signal.aborted) return;
        error.value = asApiError(reason);
        isLoading.value = false;
      },
    );
    return () => abort.abort();
  });

  const reload = () => {
    again.value = again.peek() + 1;
  };
  const reloadSoon = () => {
    timer.current ??= setTimeout(() => {
      timer.current = null;
      reload();
    }, AGAIN_MS);
  };
  useEffect(() => () => clearTimeout(timer.current ?? undefined), []);
  useTicks({}, (tick) => {
    if (!seen.peek() || isLoading.peek()) return isAbout(tick, newest.current) && seen.peek() ? reloadSoon() : undefined;
    const next = withTick(lines.peek(), tick, newest.current);
    if (next === "ask") reloadSoon();
    else if (next !== null) lines.value = next;
    return undefined;
  });
  return { lines, error, isLoading, reload };
}

const placeOn = { linear: (x: number) => x, log: decades };

function isAbout(tick: Tick, { runs, metric }: LineQuestion): boolean {
  return tick.points.some((points) => points.metric === metric && runs.includes(points.run));
}

/** The lines with what a tick brought; null when that is nothing, "ask" when only the server knows. */
export function withTick(lines: readonly Line[], tick: Tick, question: LineQuestion): readonly Line[] | "ask" | null {
  if (!isAbout(tick, question)) return null;
  const { x, smoothing, zoom } = question.options;
  // A smoothed line depends on all of its points, and other axes on more than the tick tells.
  if (x !== "step" || smoothing > 0) return "ask";
  if (zoom !== null) {
    const isIn = tick.points.some((points) => points.step_first <= zoom.to);
    return isIn ? "ask" : null;
  }
  const byRun = new Map(tick.points.filter(({ metric }) => metric === question.metric).map((points) => [points.run, points]));
  const known = new Set(lines.map(({ run }) => run));
  if (question.runs.some((run) => byRun.has(run) && !known.has(run))) return "ask";
  const next: Line[] = [];
  for (const line of lines) {
    const fresh = byRun.get(line.run);
    if (fresh === undefined) {
      next.push(line);
      continue;
    }
    if (fresh.count > fresh.step.length) return "ask";
    const longer = appended(line, { step: fresh.step, value: fresh.value.map(Number) });
    if (longer === null) return "ask";
    next.push(longer.rows > SLACK * question.buckets ? merged(longer, question.buckets, placeOn[question.options.xScale]) : longer);
  }
  return next;
}
