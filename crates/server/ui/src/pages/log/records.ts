/**
 * The records of the log that the page holds: a stretch that grows at both ends.
 *
 * Invariants: the newest come first and each is there once; the stretch has no gap but those that a filter makes; where
 * an end of the log is reached, that end grows no more.
 */
import { signal, type ReadonlySignal } from "@preact/signals";

import { get, type ApiError, type Query } from "../../api/client";
import { asApiError } from "../../api/resource";
import type { LogRecord, LostRecords, Records } from "../../api/types";
import { saysOf } from "../../parts/says";

/** Which records are wanted. */
export interface Wanted {
  readonly types: string;
  readonly run: string;
  readonly text: string;
}

/** What is held. */
export interface Held {
  readonly items: readonly LogRecord[];
  /** Where older ones are asked for; null at the beginning of the log. */
  readonly older: number | null;
  /** Where newer ones are asked for; null at its end. */
  readonly newer: number | null;
  readonly lost: readonly LostRecords[];
  /** How many records were looked at. */
  readonly scanned: number;
  /** The last record of the log. */
  readonly lsn: number;
}

export const NOTHING: Held = { items: [], older: null, newer: null, lost: [], scanned: 0, lsn: 0 };

const PAGE = 200;
/** So often the server is asked on when its answers are empty, before the page says that it has found nothing so far. */
const TRIES = 5;

/** What is held with an answer more at its older end. */
export function withOlder(held: Held, answer: Records): Held {
  return { ...joined(held, answer), items: [...held.items, ...answer.items], older: answer.next ?? null };
}

/** What is held with an answer more at its newer end; that one has the oldest first. */
export function withNewer(held: Held, answer: Records): Held {
  const items = [...answer.items].reverse();
  return { ...joined(held, answer), items: [...items, ...held.items], newer: answer.next ?? null };
}

function joined(held: Held, answer: Records): Held {
  const known = new Set(held.lost.map(({ first }) => first));
  const lost = [...held.lost, ...answer.lost.filter(({ first }) => !known.has(first))];
  return { ...held, lost, scanned: held.scanned + answer.scanned, lsn: Math.max(held.lsn, answer.lsn) };
}

/** Loads records, and holds them for the component that shows them. */
export class Browser {
  private readonly held = signal<Held>(NOTHING);
  private readonly failure = signal<ApiError | null>(null);
  private readonly busy = signal<"older" | "newer" | null>(null);
  private wanted: Wanted = { types: "", run: "", text: "" };
  private abort = new AbortController();

  get state(): ReadonlySignal<Held> {
    return this.held;
  }

  get error(): ReadonlySignal<ApiError | null> {
    return this.failure;
  }

  get isLoading(): ReadonlySignal<"older" | "newer" | null> {
    return this.busy;
  }

  /** Begins anew at a record, or at the end of the log. */
  async begin(wanted: Wanted, at: number | null): Promise<void> {
    this.abort.abort();
    this.abort = new AbortController();
    this.wanted = wanted;
    this.busy.value = null;
    this.held.value = { ...NOTHING, newer: at === null ? null : at + 1 };
    await this.load("older", at === null ? {} : { before: at + 1 });
  }

  older(): Promise<void> {
    const { older } = this.held.peek();
    return older === null ? Promise.resolve() : this.load("older", { before: older });
  }

  newer(): Promise<void> {
    const { newer } = this.held.peek();
    return newer === null ? Promise.resolve() : this.load("newer", { from: newer });
  }

  /** The log went on: what is new can be asked for. */
  grew(): void {
    const held = this.held.peek();
    const first = held.items[0];
    if (held.newer === null && first !== undefined) this.held.value = { ...held, newer: Math.max(held.lsn, first.lsn) + 1 };
  }

  stop(): void {
    this.abort.abort();
  }

  private async load(end: "older" | "newer", place: Query): Promise<void> {
    if (this.busy.peek() !== null) return;
    const { signal: abort } = this.abort;
    this.busy.value = end;
    let from = place;
    try {
      for (let turn = 0; turn < TRIES; turn += 1) {
        const { types, run, text } = this.wanted;
        const query = { ...from, limit: PAGE, types: types || null, run: run || null, text: text || null };
        const answer = await get<Records>("/records", query, { signal: abort });
        if (abort.aborted) return;
        this.failure.value = null;
        this.held.value = end === "older" ? withOlder(this.held.peek(), answer) : withNewer(this.held.peek(), answer);
        if (answer.items.length > 0 || answer.next == null) break;
        from = end === "older" ? { before: answer.next } : { from: answer.next };
      }
    } catch (error) {
      if (!abort.aborted) this.failure.value = asApiError(error);
    } finally {
      if (!abort.aborted) this.busy.value = null;
    }
  }
}

/** What a record is about, and where that is shown. */
export function subjectOf(record: Pick<LogRecord, "run" | "payload" | "type">): { text: string; path: string } | null {
  if (record.run != null) return { text: record.run.slice(-8), path: `/runs/${encodeURIComponent(record.run)}` };
  const payload = (typeof record.payload === "object" && record.payload !== null ? record.payload : {}) as Record<string, unknown>;
  const idOf = (name: string): string | null => {
    const value = payload[name];
    return typeof value === "string" || typeof value === "number" ? String(value) : null;
  };
  const kinds = [
    ["run", "/runs/"],
    ["experiment", "/experiments/"],
    ["dataset", "/datasets/"],
    ["model", "/models/"],
    ["artifact", "/artifacts/"],
  ] as const;
  for (const [name, path] of kinds) {
    const id = idOf(name);
    if (id !== null) return { text: `${name} ${id.slice(-12)}`, path: path + encodeURIComponent(id) };
  }
  return null;
}

/** What a record says, in one line. */
export function lineOf(record: Pick<LogRecord, "payload" | "labels" | "payload_left_out" | "payload_bytes" | "unreadable">): string {
  if (record.unreadable != null) return `cannot be decoded: ${record.unreadable}`;
  if (record.payload_left_out) return `${record.payload_bytes} bytes, told when it is opened`;
  return saysOf(record.payload, record.labels);
}
