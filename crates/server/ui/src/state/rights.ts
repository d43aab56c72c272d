/**
 * What whoever looks may do here.
 *
 * Invariant: what cannot be done says why, in the same words wherever it is offered.
 */
import { computed, signal, type ReadonlySignal } from "@preact/signals";

import type { Store } from "../api/types";
import { pinnedAt } from "./url";

export type Rights = Pick<Store, "read_only" | "role" | "caller">;

const known = signal<Rights | null>(null);

/** Whether the server takes no changes from anybody. */
export const isReadOnly: ReadonlySignal<boolean> = computed(() => known.value?.read_only ?? false);

/** Whether the key of this browser allows looking and nothing else. */
export const isViewer: ReadonlySignal<boolean> = computed(() => known.value?.role === "viewer");

/** Whose key this browser shows; null where the server asks for none. */
export const caller: ReadonlySignal<string | null> = computed(() => known.value?.caller ?? null);

/** Why nothing can be changed; null when it can, or nobody has said otherwise yet. */
export const whyFixed: ReadonlySignal<string | null> = computed(() => {
  if (pinnedAt.value !== null) return "This is a past state: go back to now to change something.";
  if (isReadOnly.value) return "This server only reads: it was started with --read-only.";
  if (isViewer.value) return "The key of this browser has the role viewer: it may look and change nothing.";
  return null;
});

/** The server has told. */
export function learnRights(rights: Rights): void {
  known.value = rights;
}
