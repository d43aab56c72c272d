/** Counts by day. Invariant: what is older or in the future is in no day. */
import { expect, test } from "vitest";

import { byDay } from "./days";

test("today is the last day, and what is outside is left out", () => {
  const now = new Date(2026, 4, 10, 15, 0).getTime();
  const at = (day: number, hour: number): string => new Date(2026, 4, day, hour).toISOString();
  expect(byDay([at(10, 0), at(10, 14), at(9, 23), at(7, 1), at(6, 23), at(11, 5)], now, 4)).toEqual([1, 0, 1, 2]);
});
