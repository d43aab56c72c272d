/** Actions. Invariant: the innermost one wins, and a sequence is waited for only while it can go on. */
import { expect, test } from "vitest";

import { meaning, type Action } from "./actions";
import { preferences } from "./preferences";

const action = (id: string, keys: string, when?: () => boolean): Action => ({
  id,
  title: id,
  keys,
  ...(when === undefined ? {} : { when }),
  run: () => undefined,
});

test("keys mean the innermost action, or are the beginning of a sequence, or nothing", () => {
  const known = [action("outer", "x"), action("go", "g e"), action("inner", "x")];
  expect(meaning("x", known)).toBe(known[2]);
  expect(meaning("g", known)).toBe("more");
  expect(meaning("g e", known)).toBe(known[1]);
  expect(meaning("q", known)).toBeNull();
  expect(meaning("y", [action("never", "y", () => false)])).toBeNull();
});

test("keys that a user chose count instead of those of the program, and an empty choice takes them away", () => {
  const known = [action("pin", "p"), action("hide", "h")];
  preferences.keys.set({ pin: "Shift+P", hide: "" });
  expect(meaning("p", known)).toBeNull();
  expect(meaning("Shift+p", known)).toBe(known[0]);
  expect(meaning("h", known)).toBeNull();
  preferences.keys.set({});
});
