/**
 * Lines in words and as a table, for those who do not see them and for other programs.
 *
 * Invariant: what is said is what is drawn: the same range, the same numbers.
 */
import type { StyledLine } from "./line-paint";
import { extremes } from "./line-paint";
import { shortNumber, type Range } from "./scale";
import { trendOf } from "./statistics";

/** A table of texts and numbers. */
export interface DataTable {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly (string | number | null)[])[];
}

/** One sentence for each line: its last number, its smallest, and where it goes. */
export function summaryOf(lines: readonly StyledLine[], metric: string, x: Range): string {
  if (lines.length === 0) return `${metric}: no points.`;
  const told = lines.slice(0, 10).map(({ line, name }) => {
    const { lowest, highest } = extremes(line, x.from, x.to);
    if (lowest === null || highest === null) return `${name}: no finite value`;
    const last = shortNumber(line.last[line.rows - 1] ?? Number.NaN);
    return `${name}: last ${last}, min ${shortNumber(lowest.value)} at ${shortNumber(lowest.x)}, max ${shortNumber(highest.value)} at ${shortNumber(highest.x)}, ${trendWord(line.to, line.mean)}`;
  });
  const more = lines.length > 10 ? ` And ${lines.length - 10} more.` : "";
  return `${metric}, ${lines.length} ${lines.length === 1 ? "run" : "runs"}. ${told.join(". ")}.${more}`;
}

/** Whether the last quarter of a line rises, falls or is level. */
export function trendWord(places: Float64Array, values: Float64Array): string {
  const from = Math.floor(values.length * 0.75);
  const trend = trendOf([...places.subarray(from)], [...values.subarray(from)]);
  if (trend === null || Math.abs(trend.correlation) < 0.3) return "level at the end";
  return trend.slope > 0 ? "rising at the end" : "falling at the end";
}

/** Every place of every line, with its extremes. */
export function tableOfLines(lines: readonly StyledLine[], xName: string): DataTable {
  const columns = ["run", xName, "last", "min", "max", "mean", "count"];
  const isSmoothed = lines.some(({ line }) => line.smooth !== null);
  if (isSmoothed) columns.push("smoothed");
  const rows = lines.flatMap(({ line, name }) =>
    Array.from({ length: line.rows }, (_, row) => {
      const cells: (string | number | null)[] = [
        name, line.to[row] ?? null, line.last[row] ?? null, line.min[row] ?? null, line.max[row] ?? null,
        line.mean[row] ?? null, line.count[row] ?? null,
      ];
      if (isSmoothed) cells.push(line.smooth?.[row] ?? null);
      return cells;
    }),
  );
  return { columns, rows };
}
