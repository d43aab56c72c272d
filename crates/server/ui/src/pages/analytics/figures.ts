/**
 * What is made of the figures of the server: sums, shares, CSV.
 *
 * Invariant: a share of nothing is no number; what is summed over stretches counts each run once.
 */
import type { ActivitySeries } from "../../api/types";

/** States in which a run has ended without anybody having wanted it to. */
const JUDGED = ["completed", "failed", "timed_out", "lost"] as const;

/** The states in the order in which they are stacked. */
export const STATES = ["completed", "running", "queued", "pending", "cancelled", "timed_out", "failed", "lost"] as const;

/** Figures of a series as a whole. */
export interface Totals {
  readonly runs: number;
  /** Of the runs that ended, but for cancelled ones, the share that completed. */
  readonly success: number | null;
  readonly runHours: number;
  readonly gpuHours: number;
}

export function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, each) => total + each, 0);
}

export function totalsOf(series: ActivitySeries): Totals {
  const counts = Object.fromEntries(Object.entries(series.states).map(([state, runs]) => [state, sum(runs)]));
  return {
    runs: series.total,
    success: shareOf(counts),
    runHours: sum(series.run_seconds) / 3_600,
    gpuHours: sum(series.gpu_seconds) / 3_600,
  };
}

/** For each stretch, which share of the runs that began in it completed. */
export function successOf(series: ActivitySeries): (number | null)[] {
  return series.runs.map((_, at) =>
    shareOf(Object.fromEntries(Object.entries(series.states).map(([state, runs]) => [state, runs[at] ?? 0]))),
  );
}

function shareOf(counts: Record<string, number>): number | null {
  const judged = JUDGED.reduce((total, state) => total + (counts[state] ?? 0), 0);
  return judged === 0 ? null : (counts["completed"] ?? 0) / judged;
}

/** A table of stretches, one row for each series and stretch. */
export function csvOf(edges: readonly number[], series: readonly ActivitySeries[]): string {
  const heads = ["begins", "ends", "series", "runs", ...STATES, "success_share", "run_hours", "gpu_hours", "took_median_s", "took_p90_s"];
  const lines = series.flatMap((one) => {
    const success = successOf(one);
    return one.runs.map((runs, at) => [
      new Date(edges[at] ?? 0).toISOString(),
      new Date(edges[at + 1] ?? 0).toISOString(),
      one.name,
      runs,
      ...STATES.map((state) => one.states[state]?.[at] ?? 0),
      success[at] ?? "",
      (one.run_seconds[at] ?? 0) / 3_600,
      (one.gpu_seconds[at] ?? 0) / 3_600,
      one.took_median[at] ?? "",
      one.took_p90[at] ?? "",
    ]);
  });
  return [heads, ...lines].map((cells) => cells.map(cell).join(",")).join("\r\n") + "\r\n";
}

/** A cell that no program takes for a formula or for several. */
function cell(value: string | number): string {
  const text = typeof value === "string" && /^[=+@\t\r-]/.test(value) ? `'${value}` : String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** A text of the filter language: quoted, with quotes doubled. */
export function quoted(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

/** The filter that admits the runs that began in a stretch. */
export function beganIn(from: number, to: number): string {
  const [begin, end] = [quoted(new Date(from).toISOString()), quoted(new Date(to).toISOString())];
  const within = (column: string): string => `${column} >= ${begin} and ${column} < ${end}`;
  return `(${within("started")}) or (started is null and ${within("created")})`;
}
