/**
 * Reads a unified diff as git writes it: files, hunks and lines with the numbers they have on either side.
 * Invariant: no input throws; what is not understood is kept as a note, so that nothing of a patch disappears.
 */

export type LineKind = "context" | "added" | "removed" | "note";

export interface PatchLine {
  readonly kind: LineKind;
  readonly before: number | null;
  readonly after: number | null;
  readonly text: string;
}

export interface Hunk {
  readonly title: string;
  readonly lines: readonly PatchLine[];
}

export type FileChange = "modified" | "added" | "deleted" | "renamed" | "copied";

export interface PatchFile {
  readonly path: string;
  readonly formerPath: string | null;
  readonly change: FileChange;
  readonly isBinary: boolean;
  readonly notes: readonly string[];
  readonly hunks: readonly Hunk[];
  readonly added: number;
  readonly removed: number;
}

interface Draft {
  path: string;
  formerPath: string | null;
  change: FileChange;
  isBinary: boolean;
  notes: string[];
  hunks: { title: string; lines: PatchLine[] }[];
  added: number;
  removed: number;
}

const HUNK = /^@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@(.*)$/;

/** The name in a quoted or plain path of git, without the `a/` or `b/` in front. */
export function pathOf(written: string): string {
  let name = written.replace(/\t.*$/, "");
  if (name.startsWith('"') && name.endsWith('"')) name = unquoted(name.slice(1, -1));
  return /^[ab]\//.test(name) ? name.slice(2) : name;
}

const ESCAPES: Readonly<Record<string, number>> = { n: 10, t: 9, r: 13, a: 7, b: 8, f: 12, v: 11, "\\": 92, '"': 34 };

/** Git quotes bytes beyond ASCII in octal: they are bytes of UTF-8, which are put together again. */
function unquoted(text: string): string {
  const bytes: number[] = [];
  const encoder = new TextEncoder();
  for (const part of text.match(/\\[0-7]{3}|\\.|[^\\]+|\\/g) ?? []) {
    if (/^\\[0-7]{3}$/.test(part)) bytes.push(Number.parseInt(part.slice(1), 8) & 255);
    else if (part.length === 2 && part.startsWith("\\")) bytes.push(ESCAPES[part.charAt(1)] ?? part.charCodeAt(1));
    else bytes.push(...encoder.encode(part));
  }
  return new TextDecoder().decode(new Uint8Array(bytes));
}

function begun(line: string): Draft {
  const names = /^diff --git (.+)$/.exec(line)?.[1] ?? "";
  // Both names are the same unless the file was renamed, and then lines of their own name them.
  const half = names.startsWith('"') ? names.indexOf('" "') + 1 : Math.floor(names.length / 2);
  const path = pathOf(half > 0 ? names.slice(half + 1) : names);
  return { path, formerPath: null, change: "modified", isBinary: false, notes: [], hunks: [], added: 0, removed: 0 };
}

/** What one line between the beginning of a file and its first hunk says. */
function readHead(file: Draft, line: string): void {
  const [, word, rest] = /^(new file mode|deleted file mode|rename from|rename to|copy from|copy to|---|\+\+\+) ?(.*)$/.exec(line) ?? [];
  const named = rest ?? "";
  if (word === "new file mode") file.change = "added";
  else if (word === "deleted file mode") file.change = "deleted";
  else if (word === "rename from" || word === "copy from") {
    file.change = word === "rename from" ? "renamed" : "copied";
    file.formerPath = pathOf(`a/${named}`);
  } else if (word === "rename to" || word === "copy to") file.path = pathOf(`b/${named}`);
  else if (word === "---") file.path = named === "/dev/null" ? file.path : pathOf(named);
  else if (word === "+++") file.path = named === "/dev/null" ? file.path : pathOf(named);
  else if (/^(GIT binary patch|Binary files )/.test(line)) file.isBinary = true;
  else if (!/^(index |$)/.test(line) && !file.isBinary) file.notes.push(line);
}

/** The files of a patch. `isCut` says that the text ends early: its last line is then left out. */
export function parsePatch(patch: string, isCut = false): readonly PatchFile[] {
  const lines = patch.split("\n");
  if (isCut || lines[lines.length - 1] === "") lines.pop();
  const files: Draft[] = [];
  let file: Draft | undefined;
  let before = 0;
  let after = 0;
  let beforeLeft = 0;
  let afterLeft = 0;
  for (const line of lines) {
    const hunk = file?.hunks[file.hunks.length - 1];
    if (file && hunk && (beforeLeft > 0 || afterLeft > 0 || line.startsWith("\\"))) {
      const mark = line.charAt(0);
      if (mark === "+") {
        hunk.lines.push({ kind: "added", before: null, after: after++, text: line.slice(1) });
        file.added += 1;
        afterLeft -= 1;
      } else if (mark === "-") {
        hunk.lines.push({ kind: "removed", before: before++, after: null, text: line.slice(1) });
        file.removed += 1;
        beforeLeft -= 1;
      } else if (mark === "\\") hunk.lines.push({ kind: "note", before: null, after: null, text: line.slice(2) });
      else {
        hunk.lines.push({ kind: "context", before: before++, after: after++, text: line.slice(1) });
        beforeLeft -= 1;
        afterLeft -= 1;
      }
      continue;
    }
    const found = HUNK.exec(line);
    if (line.startsWith("diff --git ") || !file) {
      file = begun(line);
      files.push(file);
      if (!line.startsWith("diff --git ")) readHead(file, line);
    } else if (found) {
      before = Number(found[1]);
      beforeLeft = Number(found[2] ?? "1");
      after = Number(found[3]);
      afterLeft = Number(found[4] ?? "1");
      file.hunks.push({ title: line, lines: [] });
    } else readHead(file, line);
  }
  return files;
}
