/**
 * Keys as texts: `x`, `Shift+x`, `Mod+k`, `g e`. `Mod` is Ctrl, or Cmd on a Mac.
 *
 * Invariant: the same press is the same text on every page; letters are lower case with `Shift+` before them, other
 * characters are what is typed.
 */

const isMac = typeof navigator !== "undefined" && /Mac|iPhone|iPad/.test(navigator.userAgent);

/** The part of a key event that says what was pressed. */
export interface Press {
  readonly key: string;
  readonly ctrlKey: boolean;
  readonly metaKey: boolean;
  readonly altKey: boolean;
  readonly shiftKey: boolean;
}

/** What was pressed; null for a modifier alone. */
export function pressed(event: Press): string | null {
  const { key } = event;
  if (["Shift", "Control", "Alt", "Meta", "AltGraph", "Dead", "Process", "Unidentified"].includes(key)) return null;
  const name = key === " " ? "Space" : key.length === 1 ? key.toLowerCase() : key;
  const isLetter = key.length === 1 && key.toLowerCase() !== key.toUpperCase();
  const hasShift = event.shiftKey && (isLetter || key.length > 1 || key === " ");
  const isMod = isMac ? event.metaKey : event.ctrlKey;
  return `${isMod ? "Mod+" : ""}${event.altKey ? "Alt+" : ""}${hasShift ? "Shift+" : ""}${name}`;
}

/** A text of keys in the form that {@link pressed} gives: `Mod+K` is `Mod+k`. */
export function normal(keys: string): string {
  return keys
    .trim()
    .split(/\s+/)
    .map((chord) => {
      const parts = chord.split("+");
      const key = chord.endsWith("+") ? "+" : (parts.pop() ?? "");
      const name = key.length === 1 ? key.toLowerCase() : key === "Del" ? "Delete" : key;
      const order = ["Mod", "Alt", "Shift"].filter((modifier) => parts.includes(modifier));
      return [...order, name].join("+");
    })
    .join(" ");
}

/** The keys as people read them, one text for each keycap. */
export function shown(keys: string): string[] {
  return keys.split(" ").map((chord) =>
    chord
      .replace("Mod+", isMac ? "⌘" : "Ctrl ")
      .replace("Alt+", isMac ? "⌥" : "Alt ")
      .replace("Shift+", isMac ? "⇧" : "Shift ")
      .replace("ArrowUp", "↑")
      .replace("ArrowDown", "↓")
      .replace("Escape", "Esc")
      .replace("Delete", "Del")
      .trim()
      .replace(/(?<=[ ⌘⌥])[a-z]$/, (letter) => letter.toUpperCase()),
  );
}

/** Whether keys without a modifier are letters of a text, or belong to what has the focus. */
export function isTyping(target: EventTarget | null): boolean {
  if (!(target instanceof Element)) return false;
  if (target instanceof HTMLElement && target.isContentEditable) return true;
  if (target instanceof HTMLInputElement) return !["checkbox", "radio", "button", "range"].includes(target.type);
  return target.matches("textarea, select, [role=combobox], [role=textbox]");
}

/** Whether what has the focus takes this key for itself, as a button takes the space bar. */
export function isTaken(target: EventTarget | null, key: string): boolean {
  if (!(target instanceof Element) || (key !== "Space" && key !== "Enter")) return false;
  return target.closest("button, a[href], summary, input, [role=tab], [role=option], [role=menuitem]") !== null;
}
