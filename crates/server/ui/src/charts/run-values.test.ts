/** Runs by their values. Invariant: every run is in one group; what is no number has no place. */
import { describe, expect, it } from "vitest";

import { axisTicks } from "./plot-axes";
import { axesOf, brushOf } from "./parallel-axes";
import { clauseOf } from "./parallel-view";
import { differingParams, groupsBy, numberOf, type ValuedRun } from "./run-values";

function run(id: string, params: Record<string, unknown>): ValuedRun {
  return { run: { id, name: id, short: id, experiment: "e" }, params, columns: {} };
}

const all = [run("a", { lr: 0.1, seed: 1, opt: "adam" }), run("b", { lr: 0.1, seed: 2, opt: "adam" }), run("c", { lr: 0.2, seed: 1, opt: "adam" })];

describe("values of runs", () => {
  it("make groups of replicates, and by one parameter", () => {
    expect(differingParams(all)).toEqual(["lr", "seed"]);
    expect(groupsBy(all, "")).toEqual([{ name: "lr 0.1", runs: ["a", "b"] }, { name: "lr 0.2", runs: ["c"] }]);
    expect(groupsBy(all, "seed").map(({ name, runs }) => [name, runs.length])).toEqual([["seed 1", 2], ["seed 2", 1]]);
    expect(groupsBy([run("a", { seed: 1 }), run("b", { seed: 2 })], "")).toEqual([{ name: "all runs", runs: ["a", "b"] }]);
  });

  it("are numbers, or none", () => {
    expect([numberOf(1), numberOf("0.5"), numberOf("NaN"), numberOf("-Infinity")]).toEqual([1, 0.5, Number.NaN, -Infinity]);
    expect([numberOf("adam"), numberOf(""), numberOf(null), numberOf(undefined), numberOf(true)]).toEqual([null, null, null, null, null]);
  });

  it("become the filter of a table where they are brushed", () => {
    const [lr, opt] = axesOf([{ name: "lr", values: [0.1, 0.2, 0.3] }, { name: "my opt", values: ["adam", "it's", "sgd"] }], new Set(), []);
    expect(clauseOf(brushOf(lr!, 0, 0.5), "loss")).toEqual(["=lr >= 0.1", "=lr <= 0.2"]);
    expect(clauseOf(brushOf(opt!, 0, 0.6), "loss")).toEqual(["params.`my opt` in ('adam', 'it''s')"]);
    expect(clauseOf({ name: "loss", low: 0, high: 1, from: 0, to: 1 / 3 }, "loss")[1]).toMatch(/loss <= 0.333333$/);
  });

  it("stand at whole steps", () => {
    expect(axisTicks("step", "linear", { from: 2_999.5, to: 3_000.5 }, 5)).toEqual([3_000]);
    expect(axisTicks("metrics.loss", "linear", { from: 0, to: 1 }, 2)).toEqual([0, 0.5, 1]);
  });
});
