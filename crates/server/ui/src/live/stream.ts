/**
 * The stream that the leading tab holds for the whole browser.
 *
 * Invariants: after a break it goes on behind the last record that was seen, so nothing is lost or doubled; what it
 * waits for is told with the time at which it tries again; where streams never arrive it asks every two seconds.
 */
import { ApiError, get } from "../api/client";
import { heardServer } from "../api/reach";
import type { Store, Tick } from "../api/types";
import { listen, type Message } from "./events";

/** What the leading tab tells the others. */
export type News =
  | { kind: "tick"; tick: Tick }
  | { kind: "stale"; why: "rewound" | "polled" | "overtaken"; lsn: number }
  | { kind: "state"; state: StreamState };

/** How the stream is. */
export interface StreamState {
  readonly way: "stream" | "poll" | "offline" | "refused";
  /** The last record that was seen. */
  readonly lsn: number | null;
  /** While it catches up: the last record that was there when it began to. */
  readonly end: number | null;
  /** Since when it is behind, in ms by this browser's clock. */
  readonly behindSince: number | null;
  /** When it tries again, in ms by this browser's clock. */
  readonly retryAt: number | null;
}

const FIRST_WORD_MS = 6_000;
/** The server says something every 15 s. */
const SILENCE_MS = 20_000;
const POLL_MS = 2_000;
/** So many polls before the stream is tried again. */
const POLLS = 30;
const RETRY_MAX_MS = 30_000;

export class Stream {
  private state: StreamState = { way: "offline", lsn: null, end: null, behindSince: null, retryAt: null };
  private failures = 0;
  private lastHeard = 0;

  constructor(
    private readonly tell: (news: News) => void,
    private readonly signal: AbortSignal,
    lsn: number | null,
  ) {
    this.state = { ...this.state, lsn };
  }

  /** Goes on until the signal ends it. */
  async run(): Promise<void> {
    while (!this.signal.aborted) {
      const outcome = await this.listenOnce();
      if (this.signal.aborted) return;
      if (outcome === "silent") await this.poll();
      else if (outcome === "refused") await this.waitForKey();
      else await this.pause();
    }
  }

  private set(change: Partial<StreamState>): void {
    this.state = { ...this.state, ...change };
    this.tell({ kind: "state", state: this.state });
  }

  /** One stream from its beginning to its end. */
  private async listenOnce(): Promise<"ended" | "silent" | "refused"> {
    const abort = new AbortController();
    const stop = (): void => abort.abort();
    this.signal.addEventListener("abort", stop);
    let hasSpoken = false;
    const begun = Date.now();
    const watch = setInterval(() => {
      const patience = hasSpoken ? SILENCE_MS : FIRST_WORD_MS;
      if (Date.now() - Math.max(begun, this.lastHeard) > patience) abort.abort();
    }, 1_000);
    try {
      await listen({
        after: this.state.lsn,
        signal: abort.signal,
        onBytes: () => {
          this.lastHeard = Date.now();
          hasSpoken = true;
        },
        onMessage: (message) => this.take(message),
      });
      return "ended";
    } catch (error) {
      if (error instanceof ApiError && [401, 403].includes(error.status)) return "refused";
      // An answer that is an error has come; a stream that is held back on its way has not.
      return !hasSpoken && !(error instanceof ApiError) && (await this.isServerThere()) ? "silent" : "ended";
    } finally {
      clearInterval(watch);
      this.signal.removeEventListener("abort", stop);
      abort.abort();
    }
  }

  private take(message: Message): void {
    const data = JSON.parse(message.data) as { after?: number; end?: number; lsn?: number };
    if (message.event === "hello") {
      this.failures = 0;
      heardServer(null);
      const [after, end] = [data.after ?? 0, data.end ?? 0];
      const isBehind = end > after;
      const since = isBehind ? (this.state.behindSince ?? Date.now()) : null;
      this.set({ way: "stream", lsn: after, end: isBehind ? end : null, behindSince: since, retryAt: null });
    } else if (message.event === "tick") {
      const tick = data as Tick;
      this.tell({ kind: "tick", tick });
      const isThere = this.state.end === null || tick.lsn >= this.state.end;
      this.set(isThere ? { lsn: tick.lsn, end: null, behindSince: null } : { lsn: tick.lsn });
    } else if (message.event === "rewound") {
      this.tell({ kind: "stale", why: "rewound", lsn: data.after ?? 0 });
      this.set({ lsn: data.after ?? 0, end: null });
    } else if (message.event === "cut" && data.after !== undefined) {
      this.set({ lsn: data.after });
    }
  }

  private async isServerThere(): Promise<boolean> {
    try {
      await get<Store>("/store", {}, { pinned: false, signal: this.signal });
      return true;
    } catch {
      return false;
    }
  }

  /** Waits before the next stream; longer each time, and told. */
  private async pause(): Promise<void> {
    const delay = Math.min(RETRY_MAX_MS, 500 * 2 ** Math.min(this.failures, 10));
    this.failures += 1;
    const since = this.state.behindSince ?? Date.now();
    this.set({ way: "offline", retryAt: Date.now() + delay, behindSince: since });
    await wait(delay, this.signal);
  }

  /** Nothing comes of asking again with the same key; another key begins anew. */
  private async waitForKey(): Promise<void> {
    this.set({ way: "refused", retryAt: null, behindSince: null });
    await wait(RETRY_MAX_MS, this.signal);
  }

  /** Asks again and again, where streams do not come through. */
  private async poll(): Promise<void> {
    this.set({ way: "poll", retryAt: null, behindSince: null });
    for (let turn = 0; turn < POLLS && !this.signal.aborted; turn += 1) {
      try {
        const { lsn } = await get<Store>("/store", {}, { pinned: false, signal: this.signal });
        if (this.state.lsn !== null && lsn !== this.state.lsn) this.tell({ kind: "stale", why: "polled", lsn });
        this.set({ way: "poll", lsn });
      } catch {
        return;
      }
      await wait(POLL_MS, this.signal);
    }
  }
}

/** Waits, at most until the signal ends it, or until the browser says that it is on line again. */
function wait(length: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      signal.removeEventListener("abort", done);
      removeEventListener("online", done);
      removeEventListener("mltrack-retry", done);
      resolve();
    };
    const timer = setTimeout(done, length);
    signal.addEventListener("abort", done);
    addEventListener("online", done);
    addEventListener("mltrack-retry", done);
  });
}
