/** Invariant: what is shown of a test is what the server told, and a missing answer says why. */
import { describe, expect, it } from "vitest";

import type { CompareAnswer, CompareTested } from "../../api/types";
import { commandOf, countText, differenceText, effectText, gridOf, intervalText, meanText, rowsOf, verdictText } from "./statistics";

const interval = { low: 0.1, high: 0.32, level: 0.95 };
const found = {
  name: "Welch's t",
  symbol: "t",
  statistic: 4.1,
  df: [7.9],
  p: 0.0018,
  p_corrected: 0.0036,
  significant: true,
  method: "parametric",
  n: [5, 5],
  difference: { value: 0.21, interval },
  effect: { name: "Hedges' g", value: 1.4, interval: null },
  notes: [],
};
const result = { values: [], not_finite: 0, n: 5, mean: 0.9312, median: 0.93, min: 0.92, max: 0.94, std: 0.0021, interval, difference: null, relative: null, better: null, test: null };
const group = { run: "a", name: "one", experiment: "e", runs: ["a", "b"], baseline: true };

function answer(test: CompareTested | null, own: CompareTested | null): CompareAnswer {
  const groups = [result, { ...result, difference: 0.2, test: own }];
  const metric = { name: "acc", direction: "max" as const, differs: true, best: 1, groups, test };
  return { groups: [group, { ...group, run: "c", name: "two", baseline: false }], baseline: 0, params: [], metrics: [metric], hidden: 0, tests: 1, notes: [], lsn: 7 };
}

describe("the rows of statistics", () => {
  it("have one for each metric and each group but the baseline", () => {
    const rows = rowsOf(answer(null, { found, error: null }));
    expect(rows).toHaveLength(1);
    const [row] = rows;
    if (!row) throw new Error("there is one");
    expect(meanText(row.result)).toBe("0.9312 ± 0.0021");
    expect(differenceText(row)).toBe("0.21, 95 % [0.1, 0.32]");
    expect(effectText(row.tested)).toBe("Hedges' g 1.4, no interval");
    expect(countText(row)).toBe("5 and 5");
    expect(verdictText(row.tested)).toBe("significant");
  });

  it("have one more for a test of all groups at once", () => {
    const rows = rowsOf(answer({ found, error: null }, null));
    expect(rows.map((row) => row.group)).toEqual([1, null]);
    expect(rows[0] && differenceText(rows[0])).toBe("0.2");
  });

  it("say why there is no answer", () => {
    const grid = gridOf(answer(null, { found: null, error: "a group has one value" }));
    expect(grid.rows[0]?.at(-1)).toBe("no answer: a group has one value");
    expect(grid.rows[0]).toHaveLength(grid.header.length);
    expect(intervalText(null)).toBe("no interval");
  });
});

describe("the command", () => {
  it("asks what the page asks", () => {
    const question = { runs: ["a1", "b 2"], by: ["seed", "fold"], test: "welch", baseline: "a1", alpha: 0.05, isAcross: false } as const;
    expect(commandOf(question, null)).toBe("mltrack compare a1 'b 2' --by seed,fold --test welch --baseline a1");
    expect(commandOf({ ...question, alpha: 0.01, isAcross: true }, "-2h")).toMatch(/ --alpha 0.01 --across --at=-2h$/);
  });
});
