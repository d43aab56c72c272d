/**
 * Whether the server answers, and how far its clock is from this one.
 *
 * Invariant: one answer is enough to know that it is there; a clock is told to differ only when it does by seconds.
 */
import { signal, type ReadonlySignal } from "@preact/signals";

const reached = signal(true);
const skew = signal(0);

/** Whether the last call was answered at all. */
export const isReached: ReadonlySignal<boolean> = reached;

/** By how many seconds the clock of the server is ahead of this browser's; whole seconds, as answers tell them. */
export const clockSkewSeconds: ReadonlySignal<number> = skew;

/** What the server said of damaged bytes: where they are, and what to do. */
export interface Damage {
  readonly message: string;
  readonly hint: string | null;
  /** Whether it is in the log; else in the bytes of an artifact. */
  readonly isOfLog: boolean;
  /** When it was met, by the clock of the server. */
  readonly timeMs: number;
}

const met = signal<Damage | null>(null);

/** The damage that was met last; null while none was. */
export const damage: ReadonlySignal<Damage | null> = met;

/** An answer could not be given because of damaged bytes. */
export function metDamage(found: Omit<Damage, "timeMs">): void {
  // The same once more is no news.
  if (met.peek()?.message !== found.message) met.value = { ...found, timeMs: serverNow() };
}

/** It is not there any more. */
export function forgetDamage(): void {
  met.value = null;
}

/** An answer came, with the time at which the server sent it. */
export function heardServer(date: string | null): void {
  reached.value = true;
  const sent = date === null ? Number.NaN : Date.parse(date);
  if (Number.isNaN(sent)) return;
  const seconds = Math.round((sent - Date.now()) / 1000);
  // The header has no fractions and an answer takes its time: less than this says nothing.
  skew.value = Math.abs(seconds) < 5 ? 0 : seconds;
}

/** No answer came. */
export function missedServer(): void {
  reached.value = false;
}

/** The time by the clock of the server, in ms since 1970. */
export function serverNow(): number {
  return Date.now() + skew.peek() * 1000;
}
