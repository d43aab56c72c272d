/** Marks of a chart. Invariant: a box of 100 by 100 makes places easy to read. */
import { describe, expect, it } from "vitest";

import { barsOf, linesOf, maximumOf, stretchAt, ticksOf, type ChartSeries } from "./chart-shape";

const box = { left: 0, top: 0, width: 100, height: 100, maximum: 10 };
const series = (values: (number | null)[]): ChartSeries => ({ name: "a", colour: "", pattern: null, dash: null, values });

describe("the shape of a chart", () => {
  it("stacks bars and leaves out what is nothing", () => {
    const [lower, upper] = barsOf([series([2, 0]), series([3, 5])], [0, 50, 100], box);
    expect(lower?.path).toBe("M1 100V80H49V100Z");
    expect(upper?.path).toBe("M1 80V50H49V80ZM51 100V50H99V100Z");
    expect(maximumOf([series([2, 0]), series([3, 5])], 2, "bars")).toBe(5);
    expect(maximumOf([series([null, 0])], 2, "lines")).toBe(1);
  });

  it("breaks a line where there is no figure, and makes a dot of one by itself", () => {
    const [line] = linesOf([series([5, null, 10, 0])], [0, 25, 50, 75, 100], box);
    expect([line?.path, line?.dots]).toEqual(["M62.5 0L87.5 100", "M12.5 50l0 0"]);
  });

  it("has round ticks and finds the stretch under the pointer", () => {
    expect(ticksOf(10)).toEqual([0, 5, 10]);
    expect(ticksOf(1)).toEqual([0, 0.5, 1]);
    expect([-5, 10, 60, 99, 200].map((x) => stretchAt(x, [0, 50, 100], box))).toEqual([0, 0, 1, 1, 1]);
  });
});
