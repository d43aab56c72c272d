/**
 * What a user prefers: kept on the server under the user's name, in this browser until that is known, and the same in
 * all tabs at once.
 *
 * Invariant: a preference that cannot be read is its default; a browser or a server that keeps nothing loses
 * preferences and nothing else.
 */
import { computed, signal, type ReadonlySignal } from "@preact/signals";

import { get, put } from "../api/client";

export type Theme = "system" | "light" | "dark";
export type Density = "normal" | "compact";

/** One of them. */
export interface Preference<T> {
  readonly signal: ReadonlySignal<T>;
  /** Reading it in a component makes the component follow it. */
  readonly value: T;
  peek(): T;
  set(value: T): void;
}

interface Values {
  theme: Theme;
  density: Density;
  /** `local`, `UTC`, or a name such as `Europe/Berlin`. */
  timeZone: string;
  /** Chosen columns by what they are columns of. */
  columns: Record<string, readonly string[]>;
  /** Chosen colours by the id of a run: a number of the palette. */
  colours: Record<string, number>;
  /** Chosen keys by the id of an action; an empty text takes the key away. */
  keys: Record<string, string>;
}

const PLACE = "mltrack.preferences";
/** Set while the server has not taken what was chosen in this browser. */
const UNSENT = "mltrack.preferences.unsent";
const SAVE_AFTER_MS = 400;
const DEFAULTS: Values = { theme: "system", density: "normal", timeZone: "local", columns: {}, colours: {}, keys: {} };

const all = signal<Values>(fromText(fromBrowser()));
const saved = signal<"server" | "browser">("browser");
let timer: ReturnType<typeof setTimeout> | null = null;

/** Where they are kept. */
export const keptBy: ReadonlySignal<"server" | "browser"> = saved;

function preference<Name extends keyof Values>(name: Name): Preference<Values[Name]> {
  const value = computed(() => all.value[name]);
  return {
    signal: value,
    get value() {
      return value.value;
    },
    peek: () => value.peek(),
    set(next) {
      all.value = { ...all.peek(), [name]: next };
      keep();
    },
  };
}

export const preferences = {
  theme: preference("theme"),
  density: preference("density"),
  timeZone: preference("timeZone"),
  columns: preference("columns"),
  colours: preference("colours"),
  keys: preference("keys"),
};

/** Reads values that anybody may have written; what is of the wrong kind is the default. */
export function fromValue(told: unknown): Values {
  const given = (typeof told === "object" && told !== null ? told : {}) as Record<string, unknown>;
  const isOf = <T extends string>(value: unknown, of: readonly T[]): value is T => of.includes(value as T);
  const record = <T>(value: unknown, isGood: (item: unknown) => item is T): Record<string, T> =>
    typeof value === "object" && value !== null
      ? (Object.fromEntries(Object.entries(value).filter(([, item]) => isGood(item))) as Record<string, T>)
      : {};
  const isText = (item: unknown): item is string => typeof item === "string";
  const isNumber = (item: unknown): item is number => Number.isInteger(item);
  const areTexts = (item: unknown): item is string[] => Array.isArray(item) && item.every(isText);
  const { theme, density, timeZone } = given;
  return {
    theme: isOf(theme, ["system", "light", "dark"] as const) ? theme : DEFAULTS.theme,
    density: isOf(density, ["normal", "compact"] as const) ? density : DEFAULTS.density,
    timeZone: isText(timeZone) && isTimeZone(timeZone) ? timeZone : DEFAULTS.timeZone,
    columns: record(given["columns"], areTexts),
    colours: record(given["colours"], isNumber),
    keys: record(given["keys"], isText),
  };
}

/** Whether times can be shown in it. */
export function isTimeZone(name: string): boolean {
  if (name === "local") return true;
  try {
    new Intl.DateTimeFormat("en", { timeZone: name });
    return true;
  } catch {
    return false;
  }
}

function fromText(text: string | null): Values {
  try {
    return fromValue(JSON.parse(text ?? "null"));
  } catch {
    return DEFAULTS;
  }
}

function fromBrowser(): string | null {
  try {
    return localStorage.getItem(PLACE);
  } catch {
    return null;
  }
}

function keepInBrowser(): void {
  try {
    localStorage.setItem(PLACE, JSON.stringify(all.peek()));
  } catch {
    // They hold until the page is closed.
  }
}

function markUnsent(isUnsent: boolean): void {
  try {
    if (isUnsent) localStorage.setItem(UNSENT, "1");
    else localStorage.removeItem(UNSENT);
  } catch {
    // They hold until the page is closed.
  }
}

function isUnsent(): boolean {
  try {
    return localStorage.getItem(UNSENT) !== null;
  } catch {
    return false;
  }
}

function keep(): void {
  keepInBrowser();
  markUnsent(true);
  saved.value = "browser"; // Until the server has it, too.
  if (timer !== null) clearTimeout(timer);
  timer = setTimeout(() => void keepOnServer(), SAVE_AFTER_MS);
}

async function keepOnServer(): Promise<void> {
  timer = null;
  try {
    await put("/preferences", { content: all.peek() });
    if (timer !== null) return; // Something newer is on its way.
    saved.value = "server";
    markUnsent(false);
  } catch {
    saved.value = "browser"; // A server that only reads, or a key that may not write.
  }
}

/** Follows the other tabs, and takes what the server keeps. Called once. */
export function followPreferences(): void {
  addEventListener("storage", (event) => {
    if (event.key === PLACE) all.value = fromText(event.newValue);
  });
  void loadPreferences();
}

/** Takes what the server keeps for the user. */
export async function loadPreferences(): Promise<void> {
  // What the server did not take is newer than what it has.
  if (isUnsent()) return keepOnServer();
  try {
    const { content } = await get<{ content: unknown }>("/preferences", {}, { pinned: false });
    saved.value = "server";
    // What was chosen here while the server was asked is newer.
    if (content === null || timer !== null) return;
    all.value = fromValue(content);
    keepInBrowser();
  } catch {
    saved.value = "browser";
  }
}
