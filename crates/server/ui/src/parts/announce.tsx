/**
 * What is said to those who hear the page.
 *
 * Invariant: it is said politely and at most every ten seconds; what came in between is replaced by what came last.
 */
import { signal } from "@preact/signals";
import type { JSX } from "preact";

const INTERVAL_MS = 10_000;
const said = signal("");
let next: string | null = null;
let last = -INTERVAL_MS;
let timer: ReturnType<typeof setTimeout> | null = null;

/** Says a text as soon as it may. */
export function announce(text: string): void {
  next = text;
  if (timer !== null) return;
  timer = setTimeout(speak, Math.max(0, last + INTERVAL_MS - Date.now()));
}

function speak(): void {
  timer = null;
  last = Date.now();
  if (next !== null) said.value = next;
  next = null;
}

/** Where it is said; once on a page. */
export function Announcer(): JSX.Element {
  return (
    <div class="unseen" role="status" aria-live="polite">
      {said}
    </div>
  );
}
