/**
 * The address as the state of what is shown.
 *
 * Invariant: whatever changes the view changes the address and nothing else, so that reload, back, forward and a copied
 * link show the same; `at=` goes along to every address that does not name its own.
 */
import { computed, signal, type ReadonlySignal } from "@preact/signals";

/** Where the page is. */
export interface Place {
  readonly path: string;
  readonly query: URLSearchParams;
}

/** How a value stands in the address. */
export interface Codec<T> {
  /** The value of a text; `undefined` when it is none. */
  read(text: string): T | undefined;
  write(value: T): string;
}

/** What an address may be given as a query. */
export type QueryValues = Record<string, string | number | boolean | null | undefined>;

const here = signal<Place>(read());
/** Whether the running task has already made an entry of the browser's history. */
let hasPushed = false;

/** Where the page is now. */
export const place: ReadonlySignal<Place> = here;

/** The moment that everything is shown as of; null for now. */
export const pinnedAt: ReadonlySignal<string | null> = computed(() => place.value.query.get("at") || null);

function read(): Place {
  if (typeof location === "undefined") return { path: "/", query: new URLSearchParams() };
  return { path: location.pathname, query: new URLSearchParams(location.search) };
}

/** The address of a place, with the moment that is shown. */
export function href(path: string, query: QueryValues = {}): string {
  const cut = path.indexOf("?");
  const parameters = new URLSearchParams(cut < 0 ? "" : path.slice(cut + 1));
  for (const [name, value] of Object.entries(query)) {
    if (value === null || value === undefined) parameters.delete(name);
    else parameters.set(name, String(value));
  }
  if (!parameters.has("at") && pinnedAt.value !== null) parameters.set("at", pinnedAt.value);
  // An empty moment means now, and says so by not being there.
  if (parameters.get("at") === "") parameters.delete("at");
  const text = parameters.toString();
  return (cut < 0 ? path : path.slice(0, cut)) + (text === "" ? "" : `?${text}`);
}

/** Goes to an address of this page. `at=` stays, unless the address names one; an empty one means now. */
export function go(to: string, options: { replace?: boolean } = {}): void {
  const address = href(to);
  const current = location.pathname + location.search;
  if (address !== current) {
    // Several changes made at once are one step back.
    if (options.replace || hasPushed) history.replaceState(null, "", address);
    else {
      history.pushState(null, "", address);
      hasPushed = true;
      queueMicrotask(() => (hasPushed = false));
    }
  }
  here.value = read();
}

/** Changes parameters of the address; null takes one away. */
export function change(values: Record<string, string | null>, options: { replace?: boolean } = {}): void {
  const { path, query } = place.peek();
  const next = new URLSearchParams(query);
  for (const [name, value] of Object.entries(values)) {
    if (value === null) next.delete(name);
    else next.set(name, value);
  }
  if (values["at"] === null) next.set("at", "");
  go(`${path}?${next}`, options);
}

/** A text. */
export const text: Codec<string> = { read: (value) => value, write: (value) => value };

/** A finite number. */
export const number: Codec<number> = {
  read: (value) => (value.trim() !== "" && Number.isFinite(Number(value)) ? Number(value) : undefined),
  write: String,
};

/** Yes (`1`) or no (`0`). */
export const flag: Codec<boolean> = {
  read: (value) => (value === "1" ? true : value === "0" ? false : undefined),
  write: (value) => (value ? "1" : "0"),
};

/** Texts with commas between them; what would be taken for a comma is escaped. */
export const list: Codec<readonly string[]> = {
  read(value) {
    if (value === "") return [];
    try {
      return value.split(",").map(decodeURIComponent);
    } catch {
      return undefined;
    }
  },
  write: (values) => values.map((value) => value.replace(/[%,]/g, encodeURIComponent)).join(","),
};

/** A parameter of the address. */
export interface Parameter<T> {
  readonly signal: ReadonlySignal<T>;
  set(value: T, options?: { replace?: boolean }): void;
}

/** A value that lives in the address. What equals the fallback is not written; what cannot be read is the fallback. */
export function param<T>(name: string, codec: Codec<T>, fallback: T): Parameter<T> {
  const written = codec.write(fallback);
  // Comparing texts keeps a list the same object while its part of the address stays the same.
  const raw = computed(() => place.value.query.get(name));
  const value = computed(() => (raw.value === null ? fallback : (codec.read(raw.value) ?? fallback)));
  return {
    signal: value,
    set(next, options) {
      const text = codec.write(next);
      change({ [name]: text === written ? null : text }, options);
    },
  };
}

/** Follows the browser's history and clicks on links within the page. Called once. */
export function followAddress(): void {
  addEventListener("popstate", () => (here.value = read()));
  document.addEventListener("click", (event) => {
    const isPlain = event.button === 0 && !event.ctrlKey && !event.metaKey && !event.shiftKey && !event.altKey;
    const link = event.target instanceof Element ? event.target.closest("a[href]") : null;
    if (event.defaultPrevented || !isPlain || !(link instanceof HTMLAnchorElement)) return;
    const isElsewhere = link.origin !== location.origin || link.target !== "" || link.hasAttribute("download");
    if (isElsewhere || /^\/(api|health|metrics|version)(\/|$)/.test(link.pathname) || link.hash !== "") return;
    event.preventDefault();
    go(link.pathname + link.search);
  });
}
