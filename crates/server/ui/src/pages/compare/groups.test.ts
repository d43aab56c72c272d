/** Invariant: runs are replicates exactly when nothing but their seed differs. */
import { describe, expect, it } from "vitest";
import { groupsOf, isSeed, summaryOf } from "./groups";

const run = (id: string, params: Record<string, unknown>): { id: string; params: Record<string, unknown> } => ({ id, params });

describe("groupsOf", () => {
  it("puts runs together that differ in the seed alone", () => {
    const groups = groupsOf([
      run("a", { lr: 0.1, seed: 1, depth: 2 }),
      run("b", { lr: 0.2, seed: 1, depth: 2 }),
      run("c", { lr: 0.1, seed: 2, depth: 2 }),
    ]);
    expect(groups).toEqual([
      { label: "lr=0.1", runs: ["a", "c"] },
      { label: "lr=0.2", runs: ["b"] },
    ]);
  });

  it("tells a value from a text that reads the same, and from none", () => {
    expect(groupsOf([run("a", { x: 1 }), run("b", { x: "1" }), run("c", {})])).toHaveLength(3);
    expect(groupsOf([run("a", { seed: 1 }), run("b", { seed: 2 })])).toEqual([{ label: "all parameters equal", runs: ["a", "b"] }]);
    expect(groupsOf([run("a", { name: "x" }), run("b", { name: "y" })], new Set(["name"]))).toHaveLength(1);
  });

  it("knows seeds by their names", () => {
    expect(["seed", "data.seed", "random_state", "random_seed", "train/Seed"].every(isSeed)).toBe(true);
    expect(["seeds", "seeded", "reseed"].some(isSeed)).toBe(false);
  });
});

describe("summaryOf", () => {
  it("has the mean and the deviation of a sample", () => {
    const summary = summaryOf([2, 4, 4, 4, 5, 5, 7, 9]);
    expect(summary.mean).toBe(5);
    expect(summary.deviation).toBeCloseTo(2.13809, 5);
    expect(summaryOf([1e15 + 1, 1e15 + 2, 1e15 + 3]).deviation).toBe(1);
  });

  it("leaves out what is no number, and says of how much", () => {
    expect(summaryOf(["NaN", 1, null, 3])).toEqual({ count: 2, leftOut: 1, mean: 2, deviation: Math.SQRT2 });
    expect(summaryOf([4])).toEqual({ count: 1, leftOut: 0, mean: 4, deviation: null });
    expect(summaryOf([])).toEqual({ count: 0, leftOut: 0, mean: null, deviation: null });
  });
});
