/** Calendars. Invariant: the zones here are those in which clocks do what is rare. */
import { describe, expect, it } from "vitest";

import { calendarOf, edgeOf, edgesOf, instantOf, localTime, usualGranularity } from "./calendar";

const at = (text: string): number => Date.parse(text);
const texts = (edges: readonly number[]): string[] => edges.map((edge) => new Date(edge).toISOString().slice(0, 16));

describe("edges", () => {
  it("are midnights of the zone, also when clocks change", () => {
    const range = { from: at("2026-03-28T12:00:00Z"), to: at("2026-03-30T10:00:00Z") };
    // The night to the 29th of March has 23 hours in Berlin.
    expect(texts(edgesOf(range, "day", "Europe/Berlin"))).toEqual([
      "2026-03-27T23:00",
      "2026-03-28T23:00",
      "2026-03-29T22:00",
      "2026-03-30T22:00",
    ]);
    const autumn = { from: at("2026-10-25T12:00:00Z"), to: at("2026-10-25T12:00:00Z") };
    const [begin, end] = edgesOf(autumn, "day", "Europe/Berlin");
    expect(((end ?? 0) - (begin ?? 0)) / 3_600_000).toBe(25);
  });

  it("begin a day that has no midnight when it begins", () => {
    // In Beirut clocks go from 24:00 to 01:00.
    expect(texts([instantOf({ year: 2025, month: 3, day: 30 }, "Asia/Beirut")])).toEqual(["2025-03-29T22:00"]);
    const time = localTime(instantOf({ year: 2025, month: 3, day: 30 }, "Asia/Beirut"), "Asia/Beirut");
    expect([time.day, time.hour]).toEqual([30, 1]);
  });

  it("are whole hours of zones that are half an hour off", () => {
    const range = { from: at("2026-01-01T10:10:00Z"), to: at("2026-01-01T10:40:00Z") };
    expect(texts(edgesOf(range, "hour", "Asia/Kolkata"))).toEqual(["2026-01-01T09:30", "2026-01-01T10:30", "2026-01-01T11:30"]);
  });

  it("are Mondays and firsts of months", () => {
    const range = { from: at("2026-02-27T10:00:00Z"), to: at("2026-03-04T10:00:00Z") };
    expect(texts(edgesOf(range, "week", "UTC"))).toEqual(["2026-02-23T00:00", "2026-03-02T00:00", "2026-03-09T00:00"]);
    expect(texts(edgesOf(range, "month", "UTC"))).toEqual(["2026-02-01T00:00", "2026-03-01T00:00", "2026-04-01T00:00"]);
    expect(edgeOf(at("2024-01-31T00:00:00Z"), "month", "UTC", 13)).toBe(at("2025-02-01T00:00:00Z"));
  });

  it("are as fine as a range can be read", () => {
    const of = (days: number) => usualGranularity({ from: 0, to: days * 86_400_000 });
    expect([of(1), of(30), of(365), of(3_000)]).toEqual(["hour", "day", "week", "month"]);
  });
});

describe("a calendar", () => {
  it("stands in weeks with the beginnings of months", () => {
    const edges = edgesOf({ from: at("2026-01-28T00:00:00Z"), to: at("2026-03-02T12:00:00Z") }, "day", "UTC");
    const calendar = calendarOf(edges, "UTC");
    // The 28th of January 2026 is a Wednesday.
    expect(calendar.days[0]).toEqual({ index: 0, week: 0, weekday: 2 });
    expect(calendar.months).toEqual([
      { week: 0, month: 2, year: 2026 },
      { week: 4, month: 3, year: 2026 },
    ]);
    expect(calendar.weeks).toBe(6);
  });
});
