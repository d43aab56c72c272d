/** Bands around groups. Invariant: one run has none. */
import { describe, expect, it } from "vitest";

import type { GroupHistory } from "../api/types";
import { closedAreas } from "./areas";
import { bandOf, extentsOf, middleOf } from "./bands";
import { nearestPlace } from "./group-readings";
import { scale } from "./scale";

const same = scale("linear", { from: 0, to: 100 }, 0, 100);

const told = {
  group: "a", metric: "loss", runs: 3,
  spread: {
    step_first: [0, 2, 4], step_last: [1, 3, 5], n: [3, 1, 3], mean: [10, 20, 30], median: [9, 20, 31], std: [2, null, 4],
    stderr: [1, null, 2], low95: [6, null, 22], high95: [14, null, 38], min: [8, 20, 26], max: [12, 20, 34],
  },
} as GroupHistory;

describe("a band", () => {
  it("lies around its line by what was chosen", () => {
    const std = bandOf(told, "mean", "std");
    expect([Array.from(std.places), std.low[0], std.high[2]]).toEqual([[0.5, 2.5, 4.5], 8, 34]);
    expect(std.low[1]).toBeNaN();
    const median = bandOf(told, "median", "interval");
    expect([median.middle[0], median.low[0], median.high[0]]).toEqual([9, 5, 13]);
    expect(bandOf(told, "mean", "range").high[1]).toBe(20);
    expect(bandOf(told, "mean", "none").high[0]).toBeNaN();
  });

  it("is broken where there is one run, and where nothing was logged for long", () => {
    const areasOf = (kind: "range" | "stderr") => closedAreas(extentsOf(bandOf(told, "mean", kind)), same, same);
    expect(areasOf("range")).toHaveLength(1);
    expect(areasOf("stderr")).toHaveLength(0);
    const band = bandOf(told, "mean", "range");
    expect(middleOf(band, 0.5)).toEqual([0.5, 10, Number.NaN, Number.NaN, 2.5, 20, Number.NaN, Number.NaN, 4.5, 30]);
    expect(closedAreas(extentsOf(band, 0.5), same, same)).toHaveLength(0);
  });

  it("is read at its nearest place", () => {
    expect([nearestPlace([0, 10, 20], 14), nearestPlace([0, 10, 20], 99), nearestPlace([], 1)]).toEqual([1, 2, -1]);
  });

  it("goes through the floor of a logarithmic axis where it reaches zero", () => {
    const log = scale("log", { from: 0.1, to: 10 }, 100, 0);
    const around = [0, 1].map((place) => ({ place, low: -1, high: 1 }));
    const [area = []] = closedAreas(around, same, log);
    expect(area.filter((_, index) => index % 2 === 1)).toEqual([50, 50, 20_000, 20_000]);
    expect(closedAreas(around.map((extent) => ({ ...extent, high: 0 })), same, log)).toEqual([]);
  });
});
