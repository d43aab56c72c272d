/**
 * The columns of the table: how each is asked for, called, measured and shown.
 *
 * Invariant: a column is its text in the interface (`loss.min`, `=lr`, `tags.team`, `.started`), in the address, in
 * orders and here alike.
 */
import type { ColumnForm, ColumnsForm } from "./wire";

export type Family = "attribute" | "metric" | "param" | "tag";

/** The columns that an experiment is opened with, beside those that its runs differ in. */
export const FIRST: readonly string[] = [".state", ".name", ".started", ".took"];
const PARAMS_MAX = 8;
const METRICS_MAX = 5;

const TITLES: Record<string, string> = {
  ".state": "State", ".name": "Name", ".started": "Started", ".ended": "Ended", ".created": "Created", ".took": "Duration",
  ".number": "Number", ".host": "Host", ".pid": "Process", ".seed": "Seed", ".points": "Points", ".id": "Id",
  ".error": "Error", ".heard": "Last heard", ".parent": "Parent", ".experiment": "Experiment",
};

/** Every attribute that can be a column. */
export const ATTRIBUTE_COLUMNS: readonly string[] = Object.keys(TITLES);

export function familyOf(column: string): Family {
  if (column.startsWith(".")) return "attribute";
  if (column.startsWith("=")) return "param";
  return column.startsWith("tags.") ? "tag" : "metric";
}

/** What stands in its header. */
export function titleOf(column: string): string {
  const title = TITLES[column];
  if (title !== undefined) return title;
  const family = familyOf(column);
  return family === "param" ? column.slice(1) : family === "tag" ? column.slice("tags.".length) : column;
}

/** Whether its cells are numbers, so that they stand at the right. */
export function isNumeric(column: string): boolean {
  return familyOf(column) === "metric" || [".number", ".pid", ".seed", ".points", ".took"].includes(column);
}

const WIDTHS: Record<string, number> = { ".state": 112, ".name": 208, ".id": 120, ".error": 240 };

/** How wide it is when nobody has said so. */
export function usualWidth(column: string): number {
  const width = WIDTHS[column];
  if (width !== undefined) return width;
  // A title fits, up to what a table can bear.
  const title = Math.min(titleOf(column).length, 24) * 7 + 48;
  return Math.max(familyOf(column) === "attribute" ? 112 : 96, title);
}

/** The columns that an experiment is opened with: the params that most runs differ in, and its first metrics. */
export function usualColumns(names: ColumnsForm | undefined, goal: string | null): string[] {
  if (names === undefined) return [...FIRST];
  const byRuns = (a: ColumnForm, b: ColumnForm): number => b.runs - a.runs;
  const params = names.params.filter((param) => param.differs).sort(byRuns).slice(0, PARAMS_MAX);
  const metrics = names.metrics.filter((metric) => !metric.name.startsWith("system/")).sort(byRuns);
  const goalFirst = goal !== null && metrics.some((metric) => metric.column === goal) ? [goal] : [];
  const first = [...goalFirst, ...metrics.map((metric) => metric.column)].slice(0, METRICS_MAX + goalFirst.length);
  return [...FIRST, ...params.map((param) => param.column), ...new Set(first)].slice(0, 24);
}

/** Where each column begins, and how wide all are together. */
export function offsetsOf(widths: readonly number[]): number[] {
  const offsets = [0];
  for (const width of widths) offsets.push((offsets.at(-1) ?? 0) + width);
  return offsets;
}

/** The first and the last but one of the columns that a stretch of pixels shows. */
export function columnsWithin(offsets: readonly number[], from: number, to: number): [number, number] {
  let first = 0;
  while (first < offsets.length - 2 && (offsets[first + 1] ?? 0) <= from) first += 1;
  let end = first;
  while (end < offsets.length - 1 && (offsets[end] ?? 0) < to) end += 1;
  return [first, Math.max(end, Math.min(first + 1, offsets.length - 1))];
}

/** A column moved by so many places; where there is none further, it stays. */
export function moved(columns: readonly string[], column: string, by: number): string[] {
  const from = columns.indexOf(column);
  if (from < 0) return [...columns];
  const to = Math.max(0, Math.min(columns.length - 1, from + by));
  const rest = columns.filter((other) => other !== column);
  return [...rest.slice(0, to), column, ...rest.slice(to)];
}

/** The next order when a header is pressed: up, down, none; with `isMore` beside the orders that there are. */
export function nextSort(sort: readonly string[], column: string, isMore: boolean): string[] {
  const others = isMore ? sort.filter((order) => bare(order) !== column) : [];
  const known = sort.find((order) => bare(order) === column);
  const first = isNumeric(column) || column === ".started" ? `-${column}` : column;
  const second = first === column ? `-${column}` : column;
  if (known === undefined) return [...others, first];
  if (known === first) {
    const place = sort.indexOf(known);
    return isMore ? sort.map((order, at) => (at === place ? second : order)) : [second];
  }
  return others;
}

/** The column of an order. */
export function bare(order: string): string {
  return order.startsWith("-") ? order.slice(1) : order;
}
