/**
 * Which runs are selected: one selection for the table, the charts and what is done to runs.
 *
 * Invariants: the selection is the parameter `runs` of the address, so a copied link and a step back have it; it is
 * never longer than an address that servers take.
 */
import { computed, type ReadonlySignal } from "@preact/signals";

import { grouped } from "../parts/number";
import { say } from "./undo";
import { list, param } from "./url";

/** Runs that can be selected at once: an address of more is refused when it is opened again. */
export const SELECTED_MAX = 1_500;

const runs = param("runs", list, []);

/** The ids of the selected runs. */
export const selected: ReadonlySignal<ReadonlySet<string>> = computed(() => new Set(runs.signal.value));

/** Selects exactly these; of too many none is selected, and that is said. */
export function select(ids: Iterable<string>): void {
  const chosen = [...new Set(ids)];
  if (chosen.length > SELECTED_MAX) return sayTooMany(chosen.length);
  // Selecting is looking, not going somewhere: it makes no step to go back to.
  runs.set(chosen, { replace: true });
}

/** Says that so many cannot be selected, and what to do instead. */
export function sayTooMany(count: number): void {
  const most = grouped(SELECTED_MAX);
  say(`${grouped(count)} runs are too many to select, ${most} are not: filter them, and change all runs of the filter`);
}

/** Selects a run, or no longer. */
export function toggle(id: string): void {
  const next = new Set(selected.peek());
  if (!next.delete(id)) next.add(id);
  select(next);
}

/** Selects these too. */
export function add(ids: Iterable<string>): void {
  select([...selected.peek(), ...ids]);
}

/** Selects nothing. */
export function clear(): void {
  select([]);
}
