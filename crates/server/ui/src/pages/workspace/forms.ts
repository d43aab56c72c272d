/**
 * The table as it is, in forms to take along: CSV, Markdown, LaTeX, a command, Python, Rust.
 *
 * Invariant: a cell cannot break out of its form: what means something there is escaped, and a text that a spreadsheet
 * would take for a formula is not one.
 */
import { quotedText } from "../../filter/lex";
import { wholeText } from "./cells";
import { titleOf } from "./columns";
import { valueOf } from "./rows";
import type { Row } from "./wire";

/** What is taken along. */
export interface Shown {
  readonly experiment: string;
  readonly filter: readonly string[];
  readonly sort: readonly string[];
  readonly columns: readonly string[];
  readonly group: readonly string[];
  readonly at: string | null;
}

type Form = (columns: readonly string[], rows: readonly Row[]) => string;

export const csv: Form = (columns, rows) => {
  const cell = (text: string): string => {
    const safe = /^[=+@\t\r]|^-(?![\d.])/.test(text) ? `'${text}` : text;
    return /[",\n\r]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
  };
  return table(columns, rows, cell, (cells) => cells.join(","), ["run", ...columns], (row) => row.id);
};

export const markdown: Form = (columns, rows) => {
  const cell = (text: string): string => text.replace(/[\\|`*_<>[\]]/g, "\\$&").replace(/\s+/g, " ");
  const line = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
  const [head = "", ...rest] = table(columns, rows, cell, line, columns.map(titleOf)).trimEnd().split("\n");
  return `${[head, line(columns.map(() => "---")), ...rest].join("\n")}\n`;
};

const LATEX: Record<string, string> = {
  "\\": "\\textbackslash{}", "~": "\\textasciitilde{}", "^": "\\textasciicircum{}",
};

export const latex: Form = (columns, rows) => {
  const cell = (text: string): string =>
    text.replace(/[\\~^&%$#_{}]/g, (sign) => LATEX[sign] ?? `\\${sign}`).replace(/\s+/g, " ");
  const body = table(columns, rows, cell, (cells) => `${cells.join(" & ")} \\\\`, columns.map(titleOf)).trimEnd().split("\n");
  const [head = "", ...rest] = body;
  const frame = `\\begin{tabular}{${"l".repeat(columns.length)}}`;
  return `${[frame, "\\hline", head, "\\hline", ...rest, "\\hline", "\\end{tabular}"].join("\n")}\n`;
};

function table(
  columns: readonly string[],
  rows: readonly Row[],
  cell: (text: string) => string,
  line: (cells: readonly string[]) => string,
  head: readonly string[],
  first?: (row: Row) => string,
): string {
  const lines = [line(head.map(cell))];
  for (const row of rows) {
    const cells = columns.map((column) => cell(wholeText(valueOf(row, column))));
    lines.push(line(first === undefined ? cells : [first(row), ...cells]));
  }
  return `${lines.join("\n")}\n`;
}

/** A text for a shell. */
export function shellText(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}

/** The command that shows the same table. */
export function command(shown: Shown, server: string): string {
  const parts = ["mltrack", "-C", server, "runs", shown.experiment];
  for (const filter of shown.filter) parts.push("-f", filter);
  if (shown.sort.length > 0) parts.push(`--sort=${shown.sort.join(",")}`);
  if (shown.group.length > 0) parts.push(`--group=${shown.group.join(",")}`);
  else parts.push(`--cols=${shown.columns.join(",")}`);
  if (shown.at !== null) parts.push("--at", shown.at);
  return parts.map(shellText).join(" ");
}

/** The same question in Python. */
export function python(shown: Shown): string {
  const text = (value: string): string => JSON.stringify(value);
  const lines = ["import mltrack", "", `runs = mltrack.open(".mltrack").runs(`, `    ${text(shown.experiment)},`];
  if (shown.filter.length > 0) lines.push(`    filter=${text(joinedFilter(shown.filter))},`);
  if (shown.sort.length > 0) lines.push(`    order_by=[${shown.sort.map(text).join(", ")}],`);
  if (shown.at !== null) lines.push(`    at=${/^\d+$/.test(shown.at) ? shown.at : text(shown.at)},`);
  return `${[...lines, ")", "for run in runs:", "    print(run.name, run.metrics)"].join("\n")}\n`;
}

/** The same question in Rust, of the store's folder. */
export function rust(shown: Shown): string {
  const text = (value: string): string => `r#"${value.replaceAll('"#', '"\\#')}"#`;
  const plain = (value: string): string => (/["\\]/.test(value) ? text(value) : `"${value}"`);
  const lines = [`let tracker = mltrack::Tracker::open(".mltrack")?;`, "let page = tracker", "    .runs()", `    .experiment(${plain(shown.experiment)})`];
  for (const filter of shown.filter) lines.push(`    .filter(${plain(filter)})`);
  for (const order of shown.sort) lines.push(`    .order_by(${plain(order)})`);
  if (shown.at !== null && /^\d+$/.test(shown.at)) lines.push(`    .at(mltrack::Lsn::new(${shown.at}).expect("a record's number"))`);
  lines.push("    .fetch()?;", "for run in page.items {", `    println!("{} {:?}", run.name, run.metrics.keys());`, "}");
  return `${lines.join("\n")}\n`;
}

function joinedFilter(filters: readonly string[]): string {
  return filters.length === 1 ? (filters[0] ?? "") : filters.map((filter) => `(${filter})`).join(" and ");
}

/** The filter that means these runs and no others. */
export function filterOfRuns(ids: readonly string[]): string {
  return `id in (${ids.map(quotedText).join(", ")})`;
}
