/** Parallel axes. Invariant: only what differs is an axis. */
import { describe, expect, it } from "vitest";

import { axesOf, isWithin, placeOf } from "./parallel-axes";

const inputs = [
  { name: "lr", values: [0.001, 0.1, 0.01] },
  { name: "seed", values: [1, 1, 1] },
  { name: "opt", values: ["adam", "sgd", null] },
];

describe("parallel axes", () => {
  it("leave out what is the same, and keep the chosen order", () => {
    expect(axesOf(inputs, new Set(), []).map(({ name }) => name)).toEqual(["lr", "opt"]);
    expect(axesOf(inputs, new Set(), ["opt"]).map(({ name }) => name)).toEqual(["opt", "lr"]);
  });

  it("place numbers on a logarithm and words in their order", () => {
    const [lr, opt] = axesOf(inputs, new Set(["lr"]), []);
    expect(placeOf(lr!, 2)).toBeCloseTo(0.5);
    expect([placeOf(opt!, 0), placeOf(opt!, 1)]).toEqual([0, 1]);
    expect(placeOf(opt!, 2)).toBeNaN();
    expect(opt!.valueAt(0.9)).toBe("sgd");
  });

  it("hold a run within a brush by its value, and never one without", () => {
    const axes = axesOf(inputs, new Set(["lr"]), []);
    const brush = { name: "lr", low: 0.4, high: 1, from: 0.01, to: 0.1 };
    expect([0, 1, 2].map((row) => isWithin(axes, brush, row))).toEqual([false, true, true]);
    expect(isWithin(axes, { ...brush, name: "opt" }, 2)).toBe(false);
    expect(isWithin(axes, { ...brush, name: "gone" }, 2)).toBe(true);
  });
});
