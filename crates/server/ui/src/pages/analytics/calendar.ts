/**
 * Days, weeks and months in a zone with all its summer times.
 *
 * Invariants: edges rise and the stretches between them touch; a day is from midnight to midnight there, however many
 * hours that is; weeks begin on Monday.
 */
import type { Calendar, CalendarDay } from "../../charts/calendar";


export type Granularity = "hour" | "day" | "week" | "month";

/** A time on the clocks of a zone. */
export interface LocalTime {
  readonly year: number;
  /** From 1. */
  readonly month: number;
  readonly day: number;
  readonly hour: number;
  readonly minute: number;
}

const HOUR_MS = 3_600_000;
const EDGES_MAX = 20_001;
const formats = new Map<string, Intl.DateTimeFormat>();

function formatOf(zone: string): Intl.DateTimeFormat {
  const known = formats.get(zone);
  if (known !== undefined) return known;
  const format = new Intl.DateTimeFormat("en-US-u-ca-gregory-hc-h23", {
    year: "numeric",
    month: "numeric",
    day: "numeric",
    hour: "numeric",
    minute: "numeric",
    era: "short",
    ...(zone === "local" ? {} : { timeZone: zone }),
  });
  formats.set(zone, format);
  return format;
}

/** What the clocks of a zone say. `local` is the browser's own. */
export function localTime(ms: number, zone: string): LocalTime {
  const parts: Record<string, number> = {};
  for (const { type, value } of formatOf(zone).formatToParts(ms)) parts[type] = Number(value);
  const { year = 1970, month = 1, day = 1, hour = 0, minute = 0 } = parts;
  return { year, month, day, hour, minute };
}

/** When the clocks of a zone say that; where they never do because they are put forward, the moment they are. */
export function instantOf(time: Pick<LocalTime, "year" | "month" | "day"> & { hour?: number }, zone: string): number {
  const wanted = Date.UTC(time.year, time.month - 1, time.day, time.hour ?? 0);
  let ms = wanted - offsetMs(wanted, zone);
  // The distance from UTC at the guess may be another than at the answer.
  ms = wanted - offsetMs(ms, zone);
  const said = localTime(ms, zone);
  const missed = wanted - Date.UTC(said.year, said.month - 1, said.day, said.hour, said.minute);
  return missed > 0 ? ms + missed : ms;
}

function offsetMs(ms: number, zone: string): number {
  const { year, month, day, hour, minute } = localTime(ms, zone);
  return Date.UTC(year, month - 1, day, hour, minute) - Math.floor(ms / 60_000) * 60_000;
}

/** The beginning of the stretch that a time lies in, some stretches later. */
export function edgeOf(ms: number, granularity: Granularity, zone: string, later = 0): number {
  const { year, month, day } = localTime(ms, zone);
  switch (granularity) {
    case "hour": {
      const minutes = ((offsetMs(ms, zone) % HOUR_MS) + HOUR_MS) % HOUR_MS;
      return Math.floor((ms + minutes) / HOUR_MS) * HOUR_MS - minutes + later * HOUR_MS;
    }
    case "day":
      return instantOf({ year, month, day: day + later }, zone);
    case "week": {
      const fromMonday = (new Date(Date.UTC(year, month - 1, day)).getUTCDay() + 6) % 7;
      return instantOf({ year, month, day: day - fromMonday + 7 * later }, zone);
    }
    case "month":
      return instantOf({ year, month: month + later, day: 1 }, zone);
  }
}

/** Where the stretches begin and end that hold everything between two moments. */
export function edgesOf(range: { from: number; to: number }, granularity: Granularity, zone: string): number[] {
  const edges = [edgeOf(range.from, granularity, zone)];
  const start = edges[0] ?? 0;
  for (let later = 1; edges.length < EDGES_MAX; later += 1) {
    const edge = edgeOf(start, granularity, zone, later);
    const last = edges[edges.length - 1] ?? 0;
    if (edge > last) edges.push(edge);
    if (edge > range.to) break;
  }
  return edges;
}

/** How fine stretches are that a range is looked at in, when nobody says. */
export function usualGranularity(range: { from: number; to: number }): Granularity {
  const days = (range.to - range.from) / (24 * HOUR_MS);
  return days <= 2 ? "hour" : days <= 120 ? "day" : days <= 800 ? "week" : "month";
}

/** The days between edges as a calendar of weeks. */
export function calendarOf(edges: readonly number[], zone: string): Calendar {
  const days: CalendarDay[] = [];
  const months: { week: number; month: number; year: number }[] = [];
  let shift = 0;
  edges.slice(0, -1).forEach((edge, index) => {
    const { year, month, day } = localTime(edge, zone);
    const weekday = (new Date(Date.UTC(year, month - 1, day)).getUTCDay() + 6) % 7;
    if (index === 0) shift = weekday;
    const week = Math.floor((index + shift) / 7);
    days.push({ index, week, weekday });
    if (day === 1) months.push({ week, month, year });
  });
  return { days, months, weeks: (days[days.length - 1]?.week ?? -1) + 1 };
}
