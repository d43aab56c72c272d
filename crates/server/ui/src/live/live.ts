/**
 * What happens in the store, while it happens.
 *
 * Invariants: one tab of the browser holds the stream and the others hear it from there; a listener is told at most
 * four times a second, nothing while paused or while a past moment is shown, and what a pause held back afterwards.
 */
import { computed, effect, signal, type ReadonlySignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";

import { aboutStore } from "../api/about";
import { key } from "../api/key";
import { pinnedAt } from "../state/url";
import { lead } from "./leader";
import { becomeStale } from "./staleness";
import { Stream, type News, type StreamState } from "./stream";
import { isTooMuch, merged, wanted, type Tick, type TickFilter } from "./ticks";

export type { Tick, TickFilter } from "./ticks";

export type LiveState = "live" | "behind" | "paused" | "offline" | "polling" | "past" | "refused";

const NAME = "mltrack-live";
const INTERVAL_MS = 250;

const stream = signal<StreamState | null>(null);
const paused = signal(false);
const clock = signal(Date.now());
const rewound = signal<number | null>(null);

/** How up to date what is shown is. */
export const liveState: ReadonlySignal<LiveState> = computed(() => {
  const way = stream.value?.way ?? "stream";
  if (way === "refused") return "refused";
  if (pinnedAt.value !== null) return "past";
  if (paused.value) return "paused";
  if (way === "offline") return "offline";
  if (way === "poll") return "polling";
  return stream.value !== null && stream.value.behindSince !== null ? "behind" : "live";
});

/** By how many seconds, while it is behind. */
export const secondsBehind: ReadonlySignal<number> = computed(() => {
  const since = stream.value?.behindSince ?? null;
  return since === null ? 0 : Math.max(0, Math.round((clock.value - since) / 1000));
});

/** In how many seconds the server is asked again, while it is gone. */
export const secondsToRetry: ReadonlySignal<number | null> = computed(() => {
  const at = stream.value?.retryAt ?? null;
  return at === null ? null : Math.max(0, Math.ceil((at - clock.value) / 1000));
});

/** The last record that was seen. */
export const lastLsn: ReadonlySignal<number | null> = computed(() => stream.value?.lsn ?? null);

/** Where the log was cut off while it was watched; null when it was not, or that was dismissed. */
export const rewoundTo: ReadonlySignal<number | null> = rewound;

/** Whether updates are held back. */
export const isPaused: ReadonlySignal<boolean> = paused;

type Listener = { filter: TickFilter; onTick: (tick: Tick) => void };
const listeners = new Set<Listener>();
let waiting: Tick | null = null;
/** Whether more happened during a pause than can be told one by one. */
let isMissed = false;
let timer: ReturnType<typeof setTimeout> | null = null;
let lastTold = 0;

/** Holds updates back, or lets them go on. */
export function setPaused(isHeld: boolean): void {
  paused.value = isHeld;
  if (isHeld) return;
  if (isMissed) becomeStale();
  isMissed = false;
  schedule();
}

/** Asks the server again at once. */
export function retryNow(): void {
  dispatchEvent(new Event("mltrack-retry"));
  channel?.postMessage({ kind: "retry" });
}

/** The user has seen that the log was cut off. */
export function dismissRewound(): void {
  rewound.value = null;
}

/** Tells a component what happens; at most four times a second, and nothing while paused or in the past. */
export function useTicks(filter: TickFilter, onTick: (tick: Tick) => void): void {
  const newest = useRef(onTick);
  newest.current = onTick;
  const { run, experiment } = filter;
  useEffect(() => {
    const only = { ...(run === undefined ? {} : { run }), ...(experiment === undefined ? {} : { experiment }) };
    return onTicks(only, (tick) => newest.current(tick));
  }, [run, experiment]);
}

/** The same without a component; returns what ends it. */
export function onTicks(filter: TickFilter, onTick: (tick: Tick) => void): () => void {
  const listener = { filter, onTick };
  listeners.add(listener);
  return () => listeners.delete(listener);
}

function take(news: News): void {
  if (news.kind === "state") {
    stream.value = news.state;
  } else if (news.kind === "tick") {
    waiting = merged(waiting, news.tick);
    if (isTooMuch(waiting)) {
      waiting = null;
      loadAnew();
    } else schedule();
  } else {
    waiting = null;
    if (news.why === "rewound") {
      rewound.value = news.lsn;
      becomeStale();
    } else loadAnew();
  }
}

/** At once, or when the pause ends. */
function loadAnew(): void {
  if (paused.peek()) isMissed = true;
  else becomeStale();
}

function schedule(): void {
  if (timer !== null || waiting === null || paused.peek()) return;
  timer = setTimeout(deliver, Math.max(0, lastTold + INTERVAL_MS - Date.now()));
}

function deliver(): void {
  timer = null;
  if (waiting === null || paused.peek()) return;
  const tick = waiting;
  waiting = null;
  lastTold = Date.now();
  if (pinnedAt.peek() !== null) return;
  for (const { filter, onTick } of [...listeners]) {
    const part = wanted(tick, filter);
    if (part !== null) onTick(part);
  }
}

let channel: BroadcastChannel | null = null;

/** Begins to listen, once for a tab. */
export function startLive(): void {
  channel = new BroadcastChannel(NAME);
  let isLeading = false;
  channel.onmessage = (event: MessageEvent<News | { kind: "ask" } | { kind: "retry" }>) => {
    const news = event.data;
    if (news.kind === "retry") dispatchEvent(new Event("mltrack-retry"));
    else if (news.kind !== "ask") take(news);
    else if (isLeading && stream.peek() !== null) channel?.postMessage({ kind: "state", state: stream.peek() });
  };
  channel.postMessage({ kind: "ask" });
  const tell = (news: News): void => {
    take(news);
    channel?.postMessage(news);
  };
  let stop = (): void => undefined;
  // A new key is a new caller: the stream begins anew with it.
  effect(() => {
    void key.value;
    stop();
    stop = lead(NAME, async (abort) => {
      isLeading = true;
      const lsn = stream.peek()?.lsn ?? (await newestLsn());
      await new Stream(tell, abort, lsn).run();
      isLeading = false;
    });
  });
  setInterval(() => {
    // Only what is read as seconds depends on it, and only while it is shown.
    if (stream.peek()?.behindSince != null || stream.peek()?.retryAt != null) clock.value = Date.now();
  }, 1_000);
}

async function newestLsn(): Promise<number | null> {
  try {
    return (await aboutStore()).lsn;
  } catch {
    return null; // The stream tells what is the matter.
  }
}
