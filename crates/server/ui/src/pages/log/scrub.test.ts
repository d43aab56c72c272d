/** The line of the log. Invariant: a gap in the numbers is as wide as no record. */
import { describe, expect, it } from "vitest";

import { lsnAt, placeOf, placeOfTime, timeAt } from "./scrub";

const moments = [
  { lsn: 1, time: 0 },
  { lsn: 11, time: 100 },
  { lsn: 1_000_001, time: 900 },
  { lsn: 1_000_011, time: 1_000 },
];

describe("the line of the log", () => {
  it("leads from places to records and back", () => {
    expect([0, 1 / 3, 1].map((place) => lsnAt(moments, place))).toEqual([1, 11, 1_000_011]);
    expect(lsnAt(moments, 1 / 6)).toBe(6);
    for (const lsn of [1, 4, 11, 1_000_005, 1_000_011]) expect(lsnAt(moments, placeOf(moments, lsn))).toBe(lsn);
    expect(placeOf(moments, 5_000_000)).toBe(1);
    expect(placeOf([], 5)).toBe(0);
  });

  it("tells about what time it was", () => {
    expect(timeAt(moments, 6)).toBe(50);
    expect(timeAt(moments, 1_000_011)).toBe(1_000);
    expect(placeOfTime(moments, 50)).toBeCloseTo(1 / 6);
    expect([placeOfTime(moments, -5), placeOfTime(moments, 5_000)]).toEqual([0, 1]);
  });
});
