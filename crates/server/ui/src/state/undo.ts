/**
 * What was just done, and how it is taken back.
 *
 * Invariant: what is offered to be taken back is the very operation that was told of, not whatever came last.
 */
import { signal, type ReadonlySignal } from "@preact/signals";

import { get, post } from "../api/client";
import { asApiError } from "../api/resource";
import type { ApiError } from "../api/client";
import type { Operations, UndoneForm } from "../api/types";

/** How long it is offered. */
export const UNDO_MS = 10_000;

/** What the bar says. */
export interface Done {
  readonly text: string;
  readonly undo: (() => Promise<void>) | null;
  /** What can be done about it: its name, and what does it. */
  readonly act?: readonly [string, () => void];
  readonly error: ApiError | null;
}

const current = signal<Done | null>(null);
let timer: ReturnType<typeof setTimeout> | null = null;

/** What the bar says now; null when it is not there. */
export const lastDone: ReadonlySignal<Done | null> = current;

/**
 * Says that something was done and offers for 10 s to take it back: by `undo`, by the record `lsn` of the operation,
 * or, when nothing is given, by the newest operation of the log.
 */
export function did(text: string, undo?: (() => Promise<void>) | { readonly lsn: number }): void {
  const way = typeof undo === "function" ? undo : undoing(undo?.lsn);
  show({ text, undo: way, error: null }, UNDO_MS);
}

/** Says that something could not be done. It stays until it is dismissed. */
export function failed(text: string, error: unknown): void {
  show({ text, undo: null, error: asApiError(error) }, null);
}

/** Says something that needs no answer. */
export function say(text: string): void {
  show({ text, undo: null, error: null }, 4_000);
}

/** Says something with what can be done about it. It stays until that is done, it is dismissed, or something else is said. */
export function offer(text: string, title: string, run: () => void): void {
  const act = (): void => {
    dismiss();
    run();
  };
  show({ text, undo: null, act: [title, act], error: null }, null);
}

/** Takes back what the bar tells of, when it tells of anything. */
export async function undoLast(): Promise<void> {
  const undo = current.peek()?.undo;
  if (undo == null) return;
  dismiss();
  await undo();
}

/** Takes the bar away. */
export function dismiss(): void {
  if (timer !== null) clearTimeout(timer);
  timer = null;
  current.value = null;
}

function show(done: Done, length: number | null): void {
  dismiss();
  current.value = done;
  if (length !== null) timer = setTimeout(dismiss, length);
}

function undoing(lsn: number | undefined): () => Promise<void> {
  const operation = lsn === undefined ? newestOperation() : Promise.resolve(lsn);
  // A failure to name it is told when it is to be taken back.
  operation.catch(() => undefined);
  return async () => {
    const { what } = await post<UndoneForm>("/undo", { lsn: await operation });
    say(`Taken back: ${what}`);
  };
}

async function newestOperation(): Promise<number> {
  const { items } = await get<Operations>("/operations", { limit: 1 }, { pinned: false });
  const newest = items[0];
  if (newest === undefined) throw new Error("the log tells of no operation");
  return newest.lsn;
}
