/** Invariant: a difference is never folded away, and no change is judged that nobody said how to judge. */
import { describe, expect, it } from "vitest";
import { bestOf, changeOf, directionOf, parted, rowsOfMaps } from "./rows";

describe("rowsOfMaps", () => {
  const rows = rowsOfMaps([{ lr: 0.1, same: "x", only: 1 }, { lr: 0.2, same: "x" }, undefined]);

  it("has every name once, with null where a run has none", () => {
    expect(rows.map((row) => [row.name, row.values])).toEqual([
      ["lr", [0.1, 0.2, null]],
      ["only", [1, null, null]],
      ["same", ["x", "x", null]],
    ]);
  });

  it("takes names of objects for names", () => {
    expect(rowsOfMaps([{ constructor: 1 }, {}])[0]).toEqual({ name: "constructor", values: [1, null], differs: true });
  });

  it("parts what differs from what does not, within what is searched", () => {
    const two = rowsOfMaps([{ lr: 0.1, "opt.name": "sgd", "opt.lr": 1 }, { lr: 0.1, "opt.name": "adam", "opt.lr": 1 }]);
    expect(parted(two).differing.map((row) => row.name)).toEqual(["opt.name"]);
    expect(parted(two, "OPT lr").equal.map((row) => row.name)).toEqual(["opt.lr"]);
    expect(parted(two, "OPT lr").differing).toEqual([]);
  });

  it("compares what is no number or text by what it says", () => {
    expect(rowsOfMaps([{ layers: [1, 2] }, { layers: [1, 2] }])[0]?.differs).toBe(false);
    expect(rowsOfMaps([{ x: 1 }, { x: "1" }])[0]?.differs).toBe(true);
  });
});

describe("changeOf", () => {
  it("judges by the direction", () => {
    expect(changeOf(0.9, 1, "min")).toMatchObject({ verdict: "better" });
    expect(changeOf(0.9, 1, "max")?.relative).toBeCloseTo(-0.1);
    expect(changeOf(0.9, 1, "max")?.verdict).toBe("worse");
    expect(changeOf(-1, -2, "max")).toEqual({ relative: 0.5, absolute: 1, verdict: "better" });
    expect(changeOf(2, 1, null)?.verdict).toBe("unjudged");
    expect(changeOf(1, 1, "min")?.verdict).toBe("same");
  });

  it("has no part of nothing, and none of what is no number", () => {
    expect(changeOf(1, 0, "min")).toEqual({ relative: null, absolute: 1, verdict: "worse" });
    expect(changeOf("NaN", 1, "min")).toBeNull();
    expect(changeOf(1, null, "min")).toBeNull();
    expect(changeOf("1", 1, "min")).toBeNull();
  });
});

describe("bestOf", () => {
  it("marks every best one, unless all are", () => {
    expect([...bestOf([1, 3, 3, null], "max")]).toEqual([1, 2]);
    expect([...bestOf([2, "NaN", 1], "min")]).toEqual([2]);
    expect([...bestOf([1, 1], "min")]).toEqual([]);
    expect([...bestOf([1, 2], null)]).toEqual([]);
    expect([...bestOf(["Infinity", 1], "max")]).toEqual([0]);
  });

  it("knows the direction of the goal alone", () => {
    expect(directionOf("loss", { metric: "loss", direction: "min" })).toBe("min");
    expect(directionOf("accuracy", { metric: "loss", direction: "min" })).toBeNull();
    expect(directionOf("loss", null)).toBeNull();
  });
});
