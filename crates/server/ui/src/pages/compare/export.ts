/**
 * A table as Markdown, LaTeX or CSV, and a comparison as the commands that make it.
 * Invariant: whatever the cells hold, the result reads back as the same cells: separators and markup in them are escaped.
 */

export interface Grid {
  readonly header: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

function oneLine(text: string): string {
  return text.replace(/\r?\n|\r/g, " ");
}

export function markdownOf(grid: Grid): string {
  const cell = (text: string): string => oneLine(text).replace(/[\\|`*_<>[\]]/g, "\\$&");
  const line = (cells: readonly string[]): string => `| ${cells.map(cell).join(" | ")} |`;
  return [line(grid.header), `| ${grid.header.map((_, at) => (at === 0 ? "---" : "---:")).join(" | ")} |`, ...grid.rows.map(line)].join("\n") + "\n";
}

const LATEX: Readonly<Record<string, string>> = {
  "\\": "\\textbackslash{}",
  "~": "\\textasciitilde{}",
  "^": "\\textasciicircum{}",
  "<": "\\textless{}",
  ">": "\\textgreater{}",
  "|": "\\textbar{}",
};

export function latexOf(grid: Grid): string {
  const cell = (text: string): string => oneLine(text).replace(/[\\~^<>|&%$#_{}]/g, (letter) => LATEX[letter] ?? `\\${letter}`);
  const line = (cells: readonly string[]): string => `  ${cells.map(cell).join(" & ")} \\\\`;
  const columns = `l${"r".repeat(Math.max(0, grid.header.length - 1))}`;
  return [`\\begin{tabular}{${columns}}`, "  \\hline", line(grid.header), "  \\hline", ...grid.rows.map(line), "  \\hline", "\\end{tabular}", ""].join("\n");
}

export function csvOf(grid: Grid): string {
  const cell = (text: string): string => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
  return [grid.header, ...grid.rows].map((cells) => `${cells.map(cell).join(",")}\r\n`).join("");
}

/** A word as a shell takes it. */
export function shellWord(text: string): string {
  return /^[A-Za-z0-9_@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

/** A text as Python and Rust read it alike. */
export function literal(text: string): string {
  return JSON.stringify(text).replace(/[\u007f-\u009f]/g, " ");
}
