/**
 * The key that this browser shows to a server that asks for one.
 *
 * Invariant: it is sent as a header and never stands in an address; it outlives the tab only when the user said so.
 */
import { signal, type ReadonlySignal } from "@preact/signals";

const PLACE = "mltrack.key";

/** Why the server refused the last call without a usable key. */
export interface KeyTrouble {
  readonly message: string;
  readonly hint: string | null;
  /** The key is known, and reaches no page. */
  readonly isOfScope?: boolean;
}

const known = signal<string | null>(stored());
const trouble = signal<KeyTrouble | null>(null);

/** The key, when there is one. */
export const key: ReadonlySignal<string | null> = known;

/** Set while the server wants a key that it was not shown. */
export const keyTrouble: ReadonlySignal<KeyTrouble | null> = trouble;

function stored(): string | null {
  try {
    return sessionStorage.getItem(PLACE) ?? localStorage.getItem(PLACE);
  } catch {
    return null; // A browser that keeps nothing is asked for the key each time.
  }
}

/** Takes a key; `isKept` keeps it beyond this tab. */
export function takeKey(text: string, isKept: boolean): void {
  forget();
  try {
    (isKept ? localStorage : sessionStorage).setItem(PLACE, text);
  } catch {
    // It is used until the page is closed.
  }
  known.value = text;
  trouble.value = null;
}

/** Forgets the key. */
export function dropKey(): void {
  forget();
  known.value = null;
}

function forget(): void {
  try {
    sessionStorage.removeItem(PLACE);
    localStorage.removeItem(PLACE);
  } catch {
    // There is nothing to forget.
  }
}

/** The server refused a call for want of a key, or of one that reaches the page. */
export function refused(reason: KeyTrouble): void {
  trouble.value = reason;
}
