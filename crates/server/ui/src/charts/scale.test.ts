/** Scales and their ticks. Invariant: the expected numbers are worked out by hand. */
import { describe, expect, it } from "vitest";

import { durationTicks, padded, rangeOf, roundStep, scale, shortDuration, shortNumber, shortTime, ticks, timeTicks } from "./scale";

describe("scale", () => {
  it("maps to pixels and back on both kinds of axis", () => {
    const linear = scale("linear", { from: 0, to: 10 }, 100, 0);
    expect([linear.of(0), linear.of(5), linear.back(100)]).toEqual([100, 50, 0]);
    const log = scale("log", { from: 1, to: 100 }, 0, 100);
    expect(log.of(10)).toBeCloseTo(50);
    expect(log.back(50)).toBeCloseTo(10);
    expect(log.of(0)).toBeNaN();
    expect(scale("linear", { from: 3, to: 3 }, 0, 100).of(3)).toBe(50);
  });

  it("takes the range of what the axis can show", () => {
    expect(rangeOf("linear", [3, Number.NaN, -1], [Infinity])).toEqual({ from: -1, to: 3 });
    expect(rangeOf("log", [-3, 0, 5, 50])).toEqual({ from: 5, to: 50 });
    expect(rangeOf("linear", [Number.NaN])).toBeNull();
  });

  it("leaves room, also around a single number", () => {
    expect(padded("linear", { from: 0, to: 10 })).toEqual({ from: -0.5, to: 10.5 });
    expect(padded("linear", { from: 0, to: 0 })).toEqual({ from: -1, to: 1 });
    expect(padded("log", { from: 4, to: 4 })).toEqual({ from: 2, to: 8 });
  });
});

describe("ticks", () => {
  it("are round and within the range", () => {
    expect(ticks("linear", { from: 0, to: 1 }, 5)).toEqual([0, 0.2, 0.4, 0.6, 0.8, 1]);
    expect(ticks("linear", { from: -7, to: 13 }, 4)).toEqual([-5, 0, 5, 10]);
    expect(ticks("linear", { from: 2, to: 2 }, 4)).toEqual([2]);
    expect(roundStep(0.03)).toBeCloseTo(0.05);
  });

  it("are powers of ten on a long logarithmic axis, and numbers between on a short one", () => {
    expect(ticks("log", { from: 0.5, to: 2_000 }, 6)).toEqual([1, 10, 100, 1_000]);
    expect(ticks("log", { from: 1.5, to: 9 }, 6)).toEqual([2, 5]);
    expect(ticks("log", { from: 1e-12, to: 1e12 }, 5).length).toBeLessThanOrEqual(6);
  });

  it("of times are whole minutes or hours", () => {
    const from = new Date(2026, 0, 1, 10, 3).getTime();
    const found = timeTicks({ from, to: from + 3_600_000 }, 6);
    expect(found.map((at) => new Date(at).getMinutes())).toEqual([10, 20, 30, 40, 50, 0]);
    expect(shortTime(found[0] as number, { from, to: from + 3_600_000 })).toBe("10:10");
  });
});

describe("numbers", () => {
  it("are short and keep what matters", () => {
    const cases: [number, string][] = [
      [0, "0"], [0.123456, "0.1235"], [-2, "−2"], [123456, "123456"], [1e7, "10M"], [1e-9, "1e-9"],
      [Number.NaN, "NaN"], [-Infinity, "−∞"], [2.5e20, "2.5e20"],
    ];
    for (const [value, text] of cases) expect(shortNumber(value)).toBe(text);
    expect([shortDuration(5), shortDuration(600), shortDuration(7_200), shortDuration(864_000)]).toEqual([
      "5 s", "10 min", "2 h", "10 d",
    ]);
  });
});

it("lengths of time have ticks at round minutes and hours", () => {
  expect(durationTicks({ from: 0, to: 214 }, 4)).toEqual([0, 60, 120, 180]);
  expect(durationTicks({ from: 0, to: 214 }, 14)).toEqual([0, 30, 60, 90, 120, 150, 180, 210]);
  expect(durationTicks({ from: 3_000, to: 20_000 }, 4)).toEqual([7_200, 14_400]);
  expect(durationTicks({ from: 0, to: 1 }, 5)).toEqual([0, 0.2, 0.4, 3 * 0.2, 0.8, 1]);
});
