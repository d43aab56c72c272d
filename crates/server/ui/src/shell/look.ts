/**
 * Theme and density as attributes of the document, which the styles go by.
 *
 * Invariant: they are there before anything of the program is drawn, so that nothing flashes in another theme.
 */
import { effect } from "@preact/signals";

import { isDark } from "../state/colours";
import { preferences } from "../state/preferences";

/** Keeps the document as the user prefers it. Called once. */
export function followLook(): void {
  effect(() => {
    const root = document.documentElement;
    root.dataset["theme"] = isDark.value ? "dark" : "light";
    root.dataset["density"] = preferences.density.value;
  });
}
