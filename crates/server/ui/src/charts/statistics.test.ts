/** Boxes, trends and fronts. Invariant: the expected numbers are worked out by hand. */
import { describe, expect, it } from "vitest";

import { binned, boxOf, paretoFront, quantile, standardError, trendOf } from "./statistics";

describe("statistics", () => {
  it("makes a box with whiskers that leave far values out", () => {
    const box = boxOf([1, 2, 3, 4, 5, 100, Number.NaN]);
    expect(box).toMatchObject({ n: 6, median: 3.5, quarter: 2.25, threeQuarters: 4.75, low: 1, high: 5 });
    expect(box?.outliers).toEqual([100]);
    expect(boxOf([Number.NaN])).toBeNull();
  });

  it("draws quantiles between values and knows the error of a mean", () => {
    expect(quantile([0, 10], 0.25)).toBe(2.5);
    expect(quantile([], 0.5)).toBeNaN();
    expect(standardError([1, 2, 3, 4])).toBeCloseTo(0.645497);
    expect(standardError([1])).toBeNull();
  });

  it("finds a straight line, and none where there is none", () => {
    const trend = trendOf([0, 1, 2, Number.NaN], [1, 3, 5, 9]);
    expect(trend).toMatchObject({ slope: 2, offset: 1, n: 3 });
    expect(trend?.correlation).toBeCloseTo(1);
    expect(trendOf([1, 1, 1], [1, 2, 3])).toBeNull();
  });

  it("keeps what nothing else beats in both", () => {
    const xs = [1, 2, 3, 4, 2];
    const ys = [5, 3, 4, 1, 3];
    expect(paretoFront(xs, ys, "min", "min")).toEqual([0, 1, 4, 3]);
    expect(paretoFront(xs, ys, "max", "max")).toEqual([0, 2, 3]);
  });

  it("counts into bins, the last one with its end", () => {
    expect(binned([0, 0.5, 1, 2, Number.NaN], 0, 1, 2)).toEqual([1, 2]);
    expect(binned([3, 3], 3, 3, 4)).toEqual([2, 0, 0, 0]);
  });
});
