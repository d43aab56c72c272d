/**
 * What is known of the store and the server, for the banners and the examples to copy.
 *
 * Invariant: it is asked for once in a while and never more often than every ten seconds, however much happens.
 */
import { computed, effect, signal, type ReadonlySignal } from "@preact/signals";

import { aboutStore } from "../api/about";
import { ApiError, get } from "../api/client";
import { key, refused } from "../api/key";
import { damage, forgetDamage, isReached } from "../api/reach";
import type { Damage, LogForm, Store } from "../api/types";
import { learnRights } from "../state/rights";

const INTERVAL_MS = 10_000;
const known = signal<Store | null>(null);
const log = signal<LogForm | null>(null);

/** The store, when the server has told of it. */
export const store: ReadonlySignal<Store | null> = known;

/** How many records the index is behind the log. */
export const indexLag: ReadonlySignal<number> = computed(() => log.value?.index_lag ?? 0);

/** The damage that the last check found and that readers do not step over yet. */
export const foundDamages: ReadonlySignal<readonly Damage[]> = computed(() => log.value?.verified?.damages.filter(({ skipped }) => !skipped) ?? []);

/** The address by which this browser reaches the server. */
export const serverAddress = (): string => location.origin;

async function look(): Promise<void> {
  const met = damage.peek();
  try {
    const [about, segments] = await Promise.all([
      aboutStore(),
      get<LogForm>("/log", {}, { pinned: false }),
    ]);
    known.value = about;
    learnRights(about);
    log.value = segments;
    if (met !== null && met === damage.peek() && isHealed(met.timeMs, segments)) forgetDamage();
  } catch (error) {
    // A key that may not even ask what the store is reaches no page. All else is told by the banners.
    if (error instanceof ApiError && error.status === 403) refused({ message: error.message, hint: error.hint, isOfScope: true });
  }
}

/** Whether a check that read every byte later found nothing. */
function isHealed(metMs: number, { verified }: LogForm): boolean {
  return verified != null && verified.deep && verified.sound && Date.parse(verified.time) > metMs;
}

/** Follows the store. Called once. */
export function followStore(): () => void {
  const stop = effect(() => {
    void key.value;
    // What was met may be named by the last check.
    void damage.value;
    if (isReached.value) void look();
  });
  const timer = setInterval(() => {
    if (document.visibilityState === "visible") void look();
  }, INTERVAL_MS);
  return () => {
    stop();
    clearInterval(timer);
  };
}
