/**
 * The colour of a run.
 *
 * Invariants: it comes from the id, so that a run has the same colour on every page; a marker goes with it, and dashes
 * tell runs of one picture apart, so that colour is never alone; the first of a picture is solid; in both themes it
 * stands out by 3 to 1 from what is behind it.
 */
import { computed, signal, type ReadonlySignal } from "@preact/signals";

import { preferences } from "./preferences";

/** How a run is drawn. */
export interface RunColour {
  readonly stroke: string;
  readonly dash: number[];
  readonly marker: string;
}

/** Names of the palette's colours, in its order. */
export const COLOUR_NAMES = ["blue", "orange", "green", "purple", "vermilion", "sky", "ochre", "grey"] as const;

// The palette of Okabe and Ito; darker or lighter where the background asks for it.
const LIGHT = ["#0072b2", "#b36b00", "#00795a", "#b0447f", "#c64a00", "#1f7fb8", "#857500", "#5f6670"];
const DARK = ["#5aa9e6", "#e69f00", "#2fbf93", "#e08bbd", "#ff8552", "#8fd0f5", "#f0e442", "#aeb6c2"];
const DASHES: readonly number[][] = [[], [8, 4], [2, 3], [10, 3, 2, 3]];
const MARKERS = ["circle", "square", "triangle", "diamond", "cross", "plus"];

const systemIsDark = signal(false);
if (typeof matchMedia === "function") {
  const query = matchMedia("(prefers-color-scheme: dark)");
  systemIsDark.value = query.matches;
  query.addEventListener("change", () => (systemIsDark.value = query.matches));
}

/** Whether the page is dark now. */
export const isDark: ReadonlySignal<boolean> = computed(() => {
  const theme = preferences.theme.value;
  return theme === "system" ? systemIsDark.value : theme === "dark";
});

/** The colours in the order of their names, for what is behind them now. */
export function palette(): readonly string[] {
  return isDark.value ? DARK : LIGHT;
}

/** How a run is drawn everywhere. Read it where signals are followed: it changes with the theme. */
export function colourOf(runId: string): RunColour {
  const hash = hashOf(runId);
  const colours = palette();
  const chosen = preferences.colours.value[runId];
  const place = chosen === undefined ? hash % colours.length : chosen;
  return {
    stroke: colours[place] ?? colours[0] ?? "#888888",
    dash: DASHES[(hash >>> 8) % DASHES.length] ?? [],
    marker: MARKERS[(hash >>> 16) % MARKERS.length] ?? "circle",
  };
}

/**
 * How runs are drawn together, in this order. The first is solid, because a dashed line alone looks broken; another has
 * the dash of its id, or the next one that no run of its colour has yet.
 */
export function looksOf(runIds: readonly string[]): ReadonlyMap<string, RunColour> {
  const looks = new Map<string, RunColour>();
  const taken = new Set<string>();
  for (const id of runIds) {
    const look = colourOf(id);
    const own = looks.size === 0 ? 0 : DASHES.indexOf(look.dash);
    const order = DASHES.map((_, by) => DASHES[(own + by) % DASHES.length] ?? []);
    const dash = order.find((one) => !taken.has(`${look.stroke} ${one.join()}`)) ?? order[0] ?? [];
    taken.add(`${look.stroke} ${dash.join()}`);
    looks.set(id, { ...look, dash });
  }
  return looks;
}

/** A number of 32 bits that depends on every letter. */
export function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index += 1) {
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  }
  // The lowest bits of this hash are the weakest: the higher ones are folded in.
  hash ^= hash >>> 15;
  hash = Math.imul(hash, 0x85ebca6b);
  return (hash ^ (hash >>> 13)) >>> 0;
}
