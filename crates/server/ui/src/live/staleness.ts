/**
 * How often what is shown has become stale without being told what happened.
 *
 * Invariant: it grows when the log was cut off behind what was seen, or went on while nobody listened; whoever shows
 * something loads it anew then.
 */
import { signal, type ReadonlySignal } from "@preact/signals";

const count = signal(0);

/** Grows each time. */
export const staleness: ReadonlySignal<number> = count;

/** What is shown may be anything but the newest. */
export function becomeStale(): void {
  count.value += 1;
}
