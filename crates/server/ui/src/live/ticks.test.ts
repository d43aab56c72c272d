/** Ticks. Invariant: taking together loses no count and no order. */
import { expect, test } from "vitest";

import type { TickPoints } from "../api/types";
import { ALL_POINTS_MAX, isTooMuch, merged, POINTS_MAX, wanted, type Tick } from "./ticks";

const points = (run: string, steps: number[], count = steps.length): TickPoints => ({
  run,
  experiment: "e",
  metric: "loss",
  count,
  step_first: steps[0] ?? 0,
  step: steps,
  time_ms: steps,
  value: steps,
});
const tick = (lsn: number, ...of: TickPoints[]): Tick => ({ lsn, points: of, events: [] });

test("two ticks are one, in the order of the log", () => {
  const both = merged(tick(3, points("a", [1, 2])), tick(5, points("b", [1]), points("a", [3])));
  expect(both.lsn).toBe(5);
  expect(both.points.map(({ run, step, count }) => [run, step, count])).toEqual([
    ["a", [1, 2, 3], 3],
    ["b", [1], 1],
  ]);
  expect(merged(null, both)).toBe(both);
});

test("of too many points the newest stay, and the count says how many there were", () => {
  const many = Array.from({ length: POINTS_MAX }, (_, index) => index);
  const [kept] = merged(tick(1, points("a", [-1])), tick(2, points("a", many, 9_000))).points;
  expect(kept?.step).toHaveLength(POINTS_MAX);
  expect(kept?.step.at(-1)).toBe(POINTS_MAX - 1);
  expect(kept?.count).toBe(9_001);
  expect(kept?.step_first).toBe(-1);
});

test("a listener is told what it asked for, and nothing when that is nothing", () => {
  const both = tick(5, points("a", [1]), points("b", [1]));
  expect(wanted(both, { run: "a" })?.points).toHaveLength(1);
  expect(wanted(both, { run: "c" })).toBeNull();
  expect(wanted(both, { experiment: "e" })?.points).toHaveLength(2);
  expect(wanted(both, {})?.lsn).toBe(5);
});

test("what is held back is bounded, of however many metrics it is", () => {
  const steps = Array.from({ length: POINTS_MAX }, (_, index) => index);
  let held: Tick | null = null;
  let turns = 0;
  while (held === null || !isTooMuch(held)) held = merged(held, tick((turns += 1), points(`run ${turns}`, steps)));
  expect(turns).toBe(ALL_POINTS_MAX / POINTS_MAX);
});
