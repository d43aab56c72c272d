/** Addresses. Invariant: what is written is read back as it was. */
import { expect, test } from "vitest";

import { flag, list, number, text } from "./url";

test("a list is read as it was written, whatever is in it", () => {
  for (const value of [[], ["a"], ["a,b", "100%"], ["", "x"], ["%2C", "é,日本"]]) {
    expect(list.read(list.write(value))).toEqual(value);
  }
  expect(list.read("%zz")).toBeUndefined();
});

test("what is no number or flag is nothing, so that the fallback counts", () => {
  expect(number.read("1e3")).toBe(1000);
  for (const wrong of ["", " ", "NaN", "Infinity", "1x"]) expect(number.read(wrong)).toBeUndefined();
  expect([flag.read("1"), flag.read("0"), flag.read("yes")]).toEqual([true, false, undefined]);
  expect(text.read("")).toBe("");
});
