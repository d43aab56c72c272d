/**
 * Reads tables with commas, tabs or semicolons (RFC 4180).
 * Invariant: no input throws; at most `rowsMax` rows are kept, and a last row that was cut off is not shown as a whole one.
 */

export interface TextTable {
  readonly header: readonly string[];
  readonly rows: readonly (readonly string[])[];
  readonly isCut: boolean;
}

/** The separator that the first line has most of, outside of quotes. */
export function separatorOf(text: string): string {
  const counts = new Map([[",", 0], ["\t", 0], [";", 0]]);
  let isQuoted = false;
  for (const letter of text.slice(0, 65_536)) {
    if (letter === '"') isQuoted = !isQuoted;
    else if (!isQuoted && letter === "\n") break;
    else if (!isQuoted && counts.has(letter)) counts.set(letter, (counts.get(letter) ?? 0) + 1);
  }
  return [...counts].reduce((best, entry) => (entry[1] > best[1] ? entry : best))[0];
}

/** The table. `isPart` says that the text ends before the file does. */
export function parseTable(text: string, isPart = false, rowsMax = 5_000): TextTable {
  const separator = separatorOf(text);
  const rows: string[][] = [];
  let row: string[] = [];
  let at = text.charCodeAt(0) === 0xfeff ? 1 : 0;
  let isEnded = true;
  const endRow = (): void => {
    rows.push(row);
    row = [];
  };
  while (at < text.length && rows.length <= rowsMax) {
    const { value, next, isOpen } = field(text, at, separator);
    row.push(value);
    isEnded = !isOpen && next < text.length && text[next] !== separator;
    if (next >= text.length || text[next] === separator) {
      at = next + 1;
      if (next < text.length && at >= text.length) row.push("");
      continue;
    }
    endRow();
    at = text[next] === "\r" && text[next + 1] === "\n" ? next + 2 : next + 1;
  }
  const isTooLong = rows.length > rowsMax;
  if (row.length > 0 && !isTooLong && !(isPart && !isEnded)) endRow();
  const header = rows.shift() ?? [];
  return { header, rows: rows.slice(0, rowsMax).filter((cells) => cells.length > 1 || cells[0] !== ""), isCut: isPart || isTooLong };
}

/** One field from `at`; `next` is where its separator, its line's end or the text's end is. */
function field(text: string, at: number, separator: string): { value: string; next: number; isOpen: boolean } {
  if (text[at] !== '"') {
    let next = at;
    while (next < text.length && text[next] !== separator && text[next] !== "\n" && text[next] !== "\r") next += 1;
    return { value: text.slice(at, next), next, isOpen: false };
  }
  let value = "";
  let from = at + 1;
  for (;;) {
    const quote = text.indexOf('"', from);
    if (quote < 0) return { value: value + text.slice(from), next: text.length, isOpen: true };
    value += text.slice(from, quote);
    if (text[quote + 1] !== '"') {
      const rest = field(text, quote + 1, separator);
      // Letters behind the closing quote are no table's; they are kept where they stand.
      return text[quote + 1] === '"' ? rest : { ...rest, value: value + rest.value };
    }
    value += '"';
    from = quote + 2;
  }
}
