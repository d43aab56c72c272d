/** Times as steps. Invariant: the clock never runs backwards, and has no step where nothing was logged. */
import { describe, expect, it } from "vitest";

import type { Columns } from "../api/columns";
import { lineOf, merged } from "./line-model";
import { clockOf, onSteps, stepAt, timeAt } from "./step-clock";

function points(places: number[], values = places) {
  const columns = { step: Float64Array.from(places), value: Float64Array.from(values) };
  return lineOf({ run: "a", metric: "m", kind: "points", rows: places.length, columns } as Columns);
}

// A training that logs each 10th step: fast at first, and slow from step 50 on.
const steps = Array.from({ length: 101 }, (_, at) => at * 10);
const times = steps.map((step) => 1_000_000 + (step <= 500 ? step * 100 : 50_000 + (step - 500) * 400));
const clock = clockOf(points(times), points(steps));

describe("the clock of steps", () => {
  it("tells the step at a time, between two points in proportion", () => {
    expect([stepAt(clock, 1_000_000), stepAt(clock, 1_000_500), stepAt(clock, 1_050_000), stepAt(clock, 1_052_000)]).toEqual([0, 5, 500, 505]);
    expect(stepAt(clock, 1_250_000)).toBe(1_000);
  });

  it("has no step before the first point and after the last", () => {
    expect(stepAt(clock, 999_999)).toBeNaN();
    expect(stepAt(clock, 1_250_001)).toBeNaN();
    expect([timeAt(clock, -5), timeAt(clock, 505), timeAt(clock, 9_999)]).toEqual([1_000_000, 1_052_000, 1_250_000]);
  });

  it("is nearly the same when its points came put together, in other groups over time than over steps", () => {
    const coarse = clockOf(merged(points(times), 7), merged(points(steps), 12));
    for (const time of [1_000_000, 1_010_000, 1_049_000, 1_120_000, 1_250_000]) {
      expect(Math.abs(stepAt(coarse, time) - stepAt(clock, time))).toBeLessThan(90);
    }
    expect([...coarse.steps].every((step, at) => at === 0 || step >= (coarse.steps[at - 1] as number))).toBe(true);
  });

  it("puts samples of the machine at steps, and leaves out what has none", () => {
    const sampled = points([900_000, 1_010_000, 1_050_000, 1_090_000, 2_000_000], [1, 2, 3, 4, 5]);
    const line = onSteps(sampled, clock);
    expect([line.rows, Array.from(line.from), Array.from(line.maxAt), Array.from(line.last)]).toEqual([3, [100, 500, 600], [100, 500, 600], [2, 3, 4]]);
    expect(onSteps(sampled, clockOf(points([]), points([]))).rows).toBe(0);
  });
});
