/**
 * Asking again while runs go on.
 *
 * Invariant: however much is logged, it is asked for again at most once in the interval, and not after the last of it.
 */
import { useEffect, useRef } from "preact/hooks";

import type { Resource } from "../api/resource";
import { useTicks, type Tick } from "../live/live";

/** Loads anew an interval after the first tick that matters. An answer that is on its way is waited for, however slow. */
export function useReloads(matters: (tick: Tick) => boolean, { isLoading, reload }: Pick<Resource<unknown>, "isLoading" | "reload">, intervalMs: number): void {
  const timer = useRef<ReturnType<typeof setTimeout> | null>(null);
  const again = () => {
    timer.current = isLoading.peek() ? setTimeout(again, intervalMs) : null;
    if (timer.current === null) reload();
  };
  useEffect(() => () => clearTimeout(timer.current ?? undefined), []);
  useTicks({}, (tick) => {
    if (!matters(tick)) return;
    timer.current ??= setTimeout(again, intervalMs);
  });
}
