/** Columns of the table. Invariant: widths, orders and the first columns follow from what is known. */
import { describe, expect, it } from "vitest";

import { cellText, lengthText, numberText } from "./cells";
import { columnsWithin, moved, nextSort, offsetsOf, usualColumns } from "./columns";
import { questionOf } from "./wire";

const named = (name: string, column: string, runs: number, differs = true) => ({ name, column, runs, differs });

describe("the first columns", () => {
  it("are what every run has, the params that differ and the first five metrics, the goal before", () => {
    const names = {
      runs: 9,
      lsn: 1,
      params: [named("seed", "=seed", 9, false), named("rare", "=rare", 1), named("lr", "=lr", 9)],
      metrics: [1, 2, 3, 4, 5, 6, 7].map((at) => named(`m${at}`, `m${at}`, 9)),
      tags: [],
    };
    const columns = usualColumns(names, "m7");
    expect(columns.slice(0, 6)).toEqual([".state", ".name", ".started", ".took", "=lr", "=rare"]);
    expect(columns.slice(6)).toEqual(["m7", "m1", "m2", "m3", "m4", "m5"]);
    expect(usualColumns(undefined, null)).toHaveLength(4);
  });
});

describe("the columns that are seen", () => {
  const offsets = offsetsOf([100, 50, 50, 200]);
  it("are those that a stretch of pixels meets", () => {
    expect(offsets).toEqual([0, 100, 150, 200, 400]);
    expect(columnsWithin(offsets, 0, 100)).toEqual([0, 1]);
    expect(columnsWithin(offsets, 99, 151)).toEqual([0, 3]);
    expect(columnsWithin(offsets, 150, 1000)).toEqual([2, 4]);
    expect(columnsWithin([0], 0, 100)).toEqual([0, 0]);
  });
});

describe("orders", () => {
  it("go up, down and away, and beside others with shift", () => {
    expect(nextSort([], "loss", false)).toEqual(["-loss"]);
    expect(nextSort(["-loss"], "loss", false)).toEqual(["loss"]);
    expect(nextSort(["loss"], "loss", false)).toEqual([]);
    expect(nextSort(["-loss"], "=lr", true)).toEqual(["-loss", "=lr"]);
    expect(nextSort(["-loss", "=lr"], "=lr", true)).toEqual(["-loss", "-=lr"]);
    expect(nextSort(["-loss", "=lr"], ".name", false)).toEqual([".name"]);
  });
  it("of columns themselves are changed by a place at a time", () => {
    expect(moved(["a", "b", "c"], "a", 1)).toEqual(["b", "a", "c"]);
    expect(moved(["a", "b", "c"], "a", -1)).toEqual(["a", "b", "c"]);
    expect(moved(["a", "b"], "x", 1)).toEqual(["a", "b"]);
  });
});

describe("cells", () => {
  it("are short, and empty where a run has nothing", () => {
    expect([numberText(0.000031234567), numberText(0.123456789), numberText(12), numberText(1e12)]).toEqual([
      "3.123e-5", "0.12346", "12", "1.000e12",
    ]);
    expect([lengthText(0.25), lengthText(59.6), lengthText(3_900), lengthText(90_000)]).toEqual([
      "0.25s", "60s", "1h 5m", "1d 1h",
    ]);
    expect(cellText(undefined, "loss")).toBe("");
    expect(cellText("NaN", "loss")).toBe("NaN");
    expect(cellText("x".repeat(10_000), ".name")).toHaveLength(161);
  });
});

describe("the question", () => {
  it("leaves out what is hidden and what came later", () => {
    const meant = { experiment: "resnet", filter: "loss < 1", hidden: ["ab"], until: "2026-11-21T10:00:00Z", deleted: false };
    expect(questionOf(meant)).toEqual({
      experiment: "resnet",
      filter: ["loss < 1", "not id in ('ab')", "created <= '2026-11-21T10:00:00Z'"],
    });
  });
});
