/** Sums and shares. Invariant: small enough to be counted by hand. */
import { describe, expect, it } from "vitest";

import type { ActivitySeries } from "../../api/types";
import { beganIn, csvOf, quoted, successOf, totalsOf } from "./figures";

const series: ActivitySeries = {
  key: "1",
  name: '=cmd("x")',
  total: 5,
  runs: [4, 1],
  states: { completed: [2, 0], failed: [1, 0], cancelled: [1, 0], running: [0, 1] },
  run_seconds: [3_600, 1_800],
  gpu_seconds: [7_200, 0],
  took_median: [12, null],
  took_p90: [30, null],
};

describe("figures", () => {
  it("count what ended by itself as success or not", () => {
    expect(totalsOf(series)).toEqual({ runs: 5, success: 2 / 3, runHours: 1.5, gpuHours: 2 });
    expect(successOf(series)).toEqual([2 / 3, null]);
  });

  it("become a table in which no cell is a formula", () => {
    const lines = csvOf([0, 3_600_000, 7_200_000], [series]).split("\r\n");
    expect(lines).toHaveLength(4);
    expect(lines[1]).toContain('"\'=cmd(""x"")"');
    expect(lines[1]?.startsWith("1970-01-01T00:00:00.000Z,1970-01-01T01:00:00.000Z")).toBe(true);
    expect(lines[2]?.endsWith(",,0.5,0,,")).toBe(true);
  });

  it("lead to the runs behind them", () => {
    expect(quoted("it's")).toBe("'it''s'");
    expect(beganIn(0, 1_000)).toContain("started < '1970-01-01T00:00:01.000Z'");
  });
});
