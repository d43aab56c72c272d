/**
 * What the page of analytics shows, as it stands in the address.
 *
 * Invariant: a preset moves on with the clock; a range that was picked stays.
 */
import { param, text, type Codec } from "../../state/url";
import type { Granularity } from "./calendar";

export const PRESETS = [
  ["7d", "7 days", 7],
  ["30d", "30 days", 30],
  ["90d", "90 days", 90],
  ["365d", "A year", 365],
] as const;

export type By = "none" | "experiment" | "user" | "host" | "state";
export type Mode = "runs" | "diversity" | "coverage";

function oneOf<T extends string>(...values: readonly T[]): Codec<T> {
  return { read: (value) => values.find((known) => known === value), write: (value) => value };
}

/** A preset, or `FROM..TO` in ms since 1970. */
export const range = param("range", text, "30d");
export const bucket = param<Granularity | "auto">("bucket", oneOf("auto", "hour", "day", "week", "month"), "auto");
export const by = param<By>("by", oneOf("none", "experiment", "user", "host", "state"), "experiment");
export const experiment = param("experiment", text, "");
export const user = param("user", text, "");
export const host = param("host", text, "");
export const state = param("state", text, "");
export const mode = param<Mode>("calendar", oneOf("runs", "diversity", "coverage"), "runs");
/** The stretch whose runs are listed, as `FROM..TO`; empty for none. */
export const day = param("day", text, "");

/** Two moments of a text; null when it is none. */
export function rangeOf(value: string): { from: number; to: number } | null {
  const [from, to] = value.split("..").map(Number);
  if (from === undefined || to === undefined || !Number.isFinite(from) || !Number.isFinite(to) || from >= to) return null;
  return { from, to };
}

/** The moments of a preset or a picked range. */
export function momentsOf(value: string, now: number): { from: number; to: number } {
  const preset = PRESETS.find(([name]) => name === value);
  const days = preset?.[2] ?? 30;
  return (preset === undefined ? rangeOf(value) : null) ?? { from: now - (days - 1) * 86_400_000, to: now };
}
