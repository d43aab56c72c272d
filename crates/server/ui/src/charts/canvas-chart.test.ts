/** Parts of a chart. Invariant: keys reach each of them, and none where there are none. */
import { describe, expect, it } from "vitest";

import { hitAt, partAfter } from "./canvas-chart";

describe("the parts of a chart", () => {
  it("are walked through in a circle, and left by Escape", () => {
    expect([partAfter("ArrowRight", null, 3), partAfter("ArrowLeft", null, 3)]).toEqual([0, 2]);
    expect([partAfter("ArrowDown", 2, 3), partAfter("ArrowUp", 0, 3)]).toEqual([0, 2]);
    expect([partAfter("Escape", 1, 3), partAfter("Tab", 1, 3), partAfter("ArrowRight", null, 0)]).toEqual([null, undefined, undefined]);
  });

  it("are the last painted at a place", () => {
    const hit = (x: number, text: string) => ({ x, y: 0, width: 10, height: 10, text });
    expect([hitAt([hit(0, "a"), hit(5, "b")], 7, 5), hitAt([hit(0, "a"), hit(5, "b")], 1, 5), hitAt([hit(0, "a")], 50, 5)]).toEqual([1, 0, null]);
  });
});
