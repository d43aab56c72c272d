/**
 * A chart's numbers for other programs: CSV, Markdown, LaTeX; and how to ask for them from a shell, Rust and Python.
 *
 * Invariants: no name of the store can leave its cell or its string; numbers keep every digit in CSV.
 */
import type { DataTable } from "./line-words";

type Cell = string | number | null;

function plain(cell: Cell): string {
  return cell === null ? "" : String(cell);
}

/** RFC 4180, with a head. A text that a spreadsheet would take for a formula is kept from that by an apostrophe. */
export function csvOf({ columns, rows }: DataTable): string {
  const cellOf = (cell: Cell) => {
    const text = typeof cell === "string" && /^[=+\-@\t\r]/.test(cell) ? `'${cell}` : plain(cell);
    return /[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };
  return [columns, ...rows].map((row) => row.map(cellOf).join(",")).join("\n") + "\n";
}

export const ROWS_MAX = 200;

/** The rows that are read by people: the first and, of many, evenly chosen ones. */
export function thinned({ columns, rows }: DataTable, rowsMax = ROWS_MAX): DataTable {
  if (rows.length <= rowsMax) return { columns, rows };
  const kept = Array.from({ length: rowsMax }, (_, index) => rows[Math.round((index * (rows.length - 1)) / (rowsMax - 1))] ?? []);
  return { columns, rows: kept };
}

function short(cell: Cell): string {
  if (typeof cell === "number") return Number.isFinite(cell) ? String(Number(cell.toPrecision(6))) : String(cell);
  return plain(cell);
}

export function markdownOf(table: DataTable, rowsMax = ROWS_MAX): string {
  const { columns, rows } = thinned(table, rowsMax);
  const cellOf = (cell: Cell) => short(cell).replaceAll("\\", "\\\\").replaceAll("|", "\\|").replace(/[\r\n]+/g, " ");
  const line = (cells: readonly Cell[]) => `| ${cells.map(cellOf).join(" | ")} |`;
  const isNumber = columns.map((_, index) => typeof rows[0]?.[index] === "number");
  const rule = `| ${isNumber.map((is) => (is ? "---:" : "---")).join(" | ")} |`;
  return [line(columns), rule, ...rows.map(line)].join("\n") + "\n";
}

const LATEX: Record<string, string> = {
  "\\": "\\textbackslash{}", "{": "\\{", "}": "\\}", $: "\\$", "&": "\\&", "#": "\\#", "%": "\\%", _: "\\_",
  "^": "\\textasciicircum{}", "~": "\\textasciitilde{}", "<": "\\textless{}", ">": "\\textgreater{}",
};

export function escapeLatex(text: string): string {
  return text.replace(/[\\{}$&#%_^~<>]/g, (letter) => LATEX[letter] ?? letter).replace(/[\r\n]+/g, " ");
}

export function latexOf(table: DataTable, rowsMax = ROWS_MAX): string {
  const { columns, rows } = thinned(table, rowsMax);
  const form = columns.map((_, index) => (typeof rows[0]?.[index] === "number" ? "r" : "l")).join("");
  const line = (cells: readonly Cell[]) => `  ${cells.map((cell) => escapeLatex(short(cell))).join(" & ")} \\\\`;
  const body = [line(columns), "  \\midrule", ...rows.map(line)].join("\n");
  return `\\begin{tabular}{${form}}\n  \\toprule\n${body}\n  \\bottomrule\n\\end{tabular}\n`;
}

/** What a chart asks for. */
export interface Asked {
  readonly runs: readonly string[];
  readonly metric: string;
  readonly from?: number | null;
  readonly to?: number | null;
  /** What is no single number. */
  readonly kind?: "histograms" | "json";
}

/** What a chart of values of runs asks for: columns such as `loss.min` and `=lr`. */
export interface AskedRuns {
  readonly runs: readonly string[];
  readonly columns: readonly string[];
}

/** A word of a POSIX shell. */
export function shellWord(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

/** The steps that are seen, both included; null for all. */
function stepBounds({ from, to }: Asked): { from: number; to: number } | null {
  if (from === null || from === undefined || to === null || to === undefined) return null;
  return { from: Math.floor(from), to: Math.ceil(to) };
}

/** Without its context, which the command and the libraries take apart. */
function nameOf(metric: string): { name: string; context: [string, string][] } {
  const at = metric.indexOf("{");
  if (at < 0 || !metric.endsWith("}")) return { name: metric, context: [] };
  const pairs = metric.slice(at + 1, -1).split(",").map((pair) => {
    const [key = "", ...rest] = pair.split("=");
    return [key, rest.join("=")] as [string, string];
  });
  return { name: metric.slice(0, at), context: pairs };
}

function idsOf(runs: readonly string[]): string {
  return `id in (${runs.map((run) => `'${run}'`).join(", ")})`;
}

export function cliOf(asked: Asked | AskedRuns): string {
  if ("columns" in asked) return `mltrack runs -f ${shellWord(idsOf(asked.runs))} --cols ${shellWord(asked.columns.join(","))}`;
  const { name, context } = nameOf(asked.metric);
  const bounds = stepBounds(asked);
  const options = [
    ...(asked.kind === undefined ? [] : ["--kind", asked.kind]),
    ...(bounds === null ? [] : ["--steps", `${bounds.from}..${bounds.to}`]),
    ...context.flatMap(([key, value]) => ["--context", shellWord(`${key}=${value}`)]),
  ];
  const words = (run: string) => ["mltrack", "metrics", run, shellWord(name), ...options].join(" ");
  return asked.runs.map(words).join("\n");
}

/** A text as Python has it: JSON's form, whose escapes Python knows all. */
function pythonText(text: string): string {
  return JSON.stringify(text);
}

export function pythonOf(asked: Asked | AskedRuns): string {
  if ("columns" in asked) return `import mltrack\n\nframe = mltrack.open().runs(filter=${pythonText(idsOf(asked.runs))}).to_pandas()\n`;
  const { name, context } = nameOf(asked.metric);
  const bounds = stepBounds(asked);
  const steps = bounds === null ? "" : `, steps=range(${bounds.from}, ${bounds.to + 1})`;
  const runs = asked.runs.map(pythonText).join(", ");
  const head = "import mltrack\n\nstore = mltrack.open()\n";
  if (asked.kind !== undefined) {
    const call = asked.kind === "histograms" ? "histograms" : "values";
    return `${head}logged = {run: store.${call}(run, ${pythonText(name)}) for run in [${runs}]}\n`;
  }
  // A letter that stands for others would find other metrics, too.
  if (context.length === 0 && !/[*?]/.test(name)) return `${head}frame = store.histories([${runs}], [${pythonText(name)}]${steps}).to_pandas()\n`;
  const pairs = context.map(([key, value]) => `${pythonText(key)}: ${pythonText(value)}`).join(", ");
  const one = `store.history(run, ${pythonText(name)}${steps}${pairs === "" ? "" : `, context={${pairs}}`}).to_pandas()`;
  return `${head}frames = {run: ${one} for run in [${runs}]}\n`;
}

/** A text as Rust has it. */
function rustText(text: string): string {
  const escaped = text.replace(/["\\]/g, "\\$&").replace(/[\u0000-\u001f\u007f\u2028\u2029]/g, (letter) => `\\u{${letter.charCodeAt(0).toString(16)}}`);
  return `"${escaped}"`;
}

export function rustOf(asked: Asked): string {
  const { name, context } = nameOf(asked.metric);
  const calls = context.map(([key, value]) => `.context(${rustText(key)}, ${rustText(value)})`).join("");
  const bounds = stepBounds(asked);
  const range = bounds === null ? "" : `.steps(${bounds.from}..=${bounds.to})`;
  const runs = asked.runs.map(rustText).join(", ");
  return `let tracker = mltrack::Tracker::open(".")?;
for name in [${runs}] {
    let run = tracker.find_run(name)?;
    let points = tracker.history(run, ${rustText(name)})${calls}${range}.fetch()?;
    println!("{name}: {} points, last {:?}", points.len(), points.values.last());
}
`;
}
