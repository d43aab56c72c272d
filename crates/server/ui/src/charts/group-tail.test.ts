/** The end of groups. Invariant: with its end asked for alone a group is what it would be when all of it was asked for. */
import { expect, test } from "vitest";

import type { Groups, SpreadColumns } from "../api/types";
import { tailFrom, withTail } from "./group-tail";

/** Places of so many steps each, whose mean is their first step. */
function spread(from: number, to: number, length: number, mean = (step: number) => step): SpreadColumns {
  const first: number[] = [];
  for (let step = from; step <= to; step += length) first.push(step);
  const same = first.map(mean);
  const last = first.map((step) => Math.min(to, step + length - 1));
  return { step_first: first, step_last: last, n: first.map(() => 2), mean: same, median: same, std: same, stderr: same, low95: same, high95: same, min: same, max: same };
}

const groups = (...spreads: readonly (readonly [string, SpreadColumns, number?])[]): Groups => ({
  items: spreads.map(([group, columns, runs]) => ({ group, metric: "loss", runs: runs ?? 2, spread: columns })),
  lsn: 1,
});

test("the end begins where a place of every group does", () => {
  const known = groups(["a", spread(0, 99, 10)], ["b", spread(0, 99, 15)]);
  // Step 95 is in the place 90 of both.
  expect(tailFrom(known, "loss", 95, 400)).toBe(90);
  // 70 is a beginning of one; the other has it within 60 to 74, and then the first has 60 as a beginning.
  expect(tailFrom(known, "loss", 71, 400)).toBe(60);
  expect(tailFrom(known, "loss", 100, 400)).toBe(100);
});

test("all is asked for when the end is all, or the places have become too many", () => {
  expect(tailFrom(groups(["a", spread(0, 99, 10)]), "loss", 3, 400)).toBeNull();
  expect(tailFrom(groups(), "loss", 3, 400)).toBeNull();
  expect(tailFrom(groups(["a", spread(0, 99, 1)]), "loss", 99, 60)).toBeNull();
  expect(tailFrom(groups(["a", spread(0, 99, 1)]), "accuracy", 99, 400)).toBeNull();
});

test("what comes behind is put behind, and what was changed takes its place", () => {
  const known = groups(["a", spread(0, 99, 10)], ["b", spread(0, 89, 10)]);
  const whole = withTail(known, { ...groups(["a", spread(90, 129, 10, () => 7), 1]), lsn: 9 }, 90);
  const [a, b] = whole.items;
  expect(a?.spread.step_first).toEqual([0, 10, 20, 30, 40, 50, 60, 70, 80, 90, 100, 110, 120]);
  expect(a?.spread.mean.slice(8)).toEqual([80, 7, 7, 7, 7]);
  expect(Object.values(a?.spread ?? {}).map((column) => column.length)).toEqual(Array.from({ length: 11 }, () => 13));
  // One of its runs goes on; both are in the group.
  expect(a?.runs).toBe(2);
  expect(b).toEqual(known.items[1]);
  expect(whole.lsn).toBe(9);
});

test("a group that comes later is there", () => {
  const whole = withTail(groups(["a", spread(0, 9, 1)]), groups(["c", spread(10, 12, 1)]), 10);
  expect(whole.items.map(({ group }) => group)).toEqual(["a", "c"]);
});
