/** Keys. Invariant: a press and its description are the same text. */
import { expect, test } from "vitest";

import { normal, pressed } from "./keys";

const press = (key: string, held: Partial<Record<"ctrlKey" | "shiftKey" | "altKey" | "metaKey", boolean>> = {}) =>
  pressed({ key, ctrlKey: false, metaKey: false, altKey: false, shiftKey: false, ...held });

test("a press is what an action says of it", () => {
  expect(press("K", { ctrlKey: true, shiftKey: false })).toBe(normal("Mod+K"));
  expect(press("X", { shiftKey: true })).toBe(normal("Shift+x"));
  expect(press("?", { shiftKey: true })).toBe(normal("?"));
  expect(press(" ")).toBe(normal("Space"));
  expect(press("Delete")).toBe(normal("Del"));
  expect(press("Shift", { shiftKey: true })).toBeNull();
});

test("keys are one text however they are written", () => {
  expect(normal("  g   e ")).toBe("g e");
  expect(normal("Shift+Mod+k")).toBe("Mod+Shift+k");
  expect(normal("+")).toBe("+");
});
