/**
 * Everything that can be done on the page that is shown: one registry for keys, the palette and the help.
 *
 * Invariants: an action is there while the component that offers it is; the innermost one wins a key that two want;
 * keys are off while somebody types; keys that a user chose go before those of the program.
 */
import { computed, signal, type ReadonlySignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";

import { LISTED } from "./action-list";
import { isTaken, isTyping, normal, pressed } from "./keys";
import { preferences } from "./preferences";
import { whyFixed } from "./rights";
import { failed, say } from "./undo";

export interface Action {
  /** What it is called in the preferences; it never changes. */
  id: string;
  title: string;
  /** "g e", "x", "Shift+x", "Mod+K". */
  keys?: string;
  /** The command that does the same. */
  cli?: () => string;
  /** Whether it can be done now; it can, when nothing is said. */
  when?: () => boolean;
  /** Whether it changes the store: where nothing can be changed it says why instead. */
  changes?: boolean;
  run(): void | Promise<void>;
}

const SEQUENCE_MS = 1_200;

const groups = signal<readonly (readonly Action[])[]>([]);
const held = signal(0);

/** The actions that are offered, the outermost first. */
export const actions: ReadonlySignal<readonly Action[]> = computed(() => {
  const byId = new Map<string, Action>();
  for (const action of groups.value.flat()) {
    byId.delete(action.id);
    byId.set(action.id, action);
  }
  return [...byId.values()];
});

const met = signal<ReadonlyMap<string, Action>>(
  new Map(LISTED.map((listed) => [listed.id, { ...listed, when: () => false, run: () => undefined }])),
);

/** Every action that is listed or was offered since the page was opened, so that keys of other pages can be changed, too. */
export const knownActions: ReadonlySignal<readonly Action[]> = computed(() => [...met.value.values()]);

/** Offers actions while the component is there. What they do may change from one drawing to the next. */
export function useActions(offered: Action[]): void {
  const newest = useRef(offered);
  newest.current = offered;
  const names = offered.map(({ id, title, keys }) => `${id}\n${title}\n${keys ?? ""}`).join("\n\n");
  useEffect(() => {
    const find = (id: string): Action | undefined => newest.current.find((action) => action.id === id);
    const group = newest.current.map((action): Action => {
      const { id, title, keys } = action;
      return {
        id,
        title,
        ...(keys === undefined ? {} : { keys }),
        ...(action.changes === true ? { changes: true } : {}),
        ...(action.cli === undefined ? {} : { cli: () => find(id)?.cli?.() ?? "" }),
        when: () => find(id)?.when?.() ?? true,
        run: () => find(id)?.run(),
      };
    });
    groups.value = [...groups.peek(), group];
    met.value = new Map([...met.peek(), ...group.map((action) => [action.id, action] as const)]);
    return () => {
      groups.value = groups.peek().filter((other) => other !== group);
    };
  }, [names]);
}

/** The keys of an action, as the user has them; null when it has none. */
export function keysOf(action: Action): string | null {
  const chosen = preferences.keys.value[action.id] ?? action.keys;
  return chosen === undefined || chosen === "" ? null : normal(chosen);
}

/** Why it cannot be done here; null when it can. */
export function whyNot(action: Action): string | null {
  return action.changes === true ? whyFixed.value : null;
}

/** Does it, and tells when that fails or may not be. */
export function perform(action: Action): void {
  const why = whyNot(action);
  if (why !== null) return say(why);
  Promise.resolve()
    .then(() => action.run())
    .catch((error: unknown) => failed(action.title, error));
}

/** Keeps keys for what is open above the page, such as a dialog. Returns what ends that. */
export function holdKeys(): () => void {
  held.value += 1;
  return () => {
    held.value -= 1;
  };
}

/** What the keys so far are the beginning of, or mean. */
export function meaning(keys: string, known: readonly Action[]): Action | "more" | null {
  let found: Action | null = null;
  let isMore = false;
  for (const action of known) {
    const own = keysOf(action);
    if (own === null || !(action.when?.() ?? true)) continue;
    if (own === keys) found = action;
    else if (own.startsWith(`${keys} `)) isMore = true;
  }
  return found ?? (isMore ? "more" : null);
}

/** Follows the keyboard. Called once. */
export function followKeys(): void {
  let begun = "";
  let timer: ReturnType<typeof setTimeout> | null = null;
  const forget = (): void => {
    begun = "";
    if (timer !== null) clearTimeout(timer);
    timer = null;
  };
  addEventListener("keydown", (event) => {
    const press = pressed(event);
    if (event.defaultPrevented || press === null || event.isComposing) return;
    const isPlain = !press.startsWith("Mod+") && !press.startsWith("Alt+");
    if (isPlain && (isTyping(event.target) || isTaken(event.target, press))) return forget();
    if (held.peek() > 0) return forget();
    const keys = begun === "" ? press : `${begun} ${press}`;
    let meant = meaning(keys, actions.peek());
    // The second key of what is no sequence is the first of something else.
    if (meant === null && begun !== "") meant = meaning(press, actions.peek());
    forget();
    if (meant === null) return;
    event.preventDefault();
    if (meant !== "more") return perform(meant);
    begun = keys;
    timer = setTimeout(forget, SEQUENCE_MS);
  });
}
