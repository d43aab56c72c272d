/** Shades of a calendar. Invariant: only nothing has the shade of nothing. */
import { describe, expect, it } from "vitest";

import { shadeOf, shadesOf } from "./calendar-shades";

describe("the calendar", () => {
  it("has shades of which each is of use", () => {
    const bounds = shadesOf([0, 1, 2, 3, 4, 100]);
    expect([0, 1, 3, 100].map((value) => shadeOf(value, bounds))).toEqual([0, 1, 2, 4]);
    expect(shadeOf(5, shadesOf([5, 5, 0]))).toBe(3);
    expect(shadeOf(0, shadesOf([]))).toBe(0);
  });
});
