/**
 * A patch with colours, signs and the numbers of lines on both sides; each file can be closed.
 *
 * Invariant: the sign of a line says what its colour says, and every line of the patch is one of the list.
 */
import type { JSX } from "preact";
import { useMemo, useState } from "preact/hooks";

import { LineList } from "../parts/line-list";
import { parsePatch, type FileChange, type PatchFile, type PatchLine } from "../text/patch";
import "./preview.css";

type Row =
  | { readonly kind: "file"; readonly file: PatchFile; readonly index: number }
  | { readonly kind: "title"; readonly text: string }
  | { readonly kind: "line"; readonly line: PatchLine };

const SIGN = { context: " ", added: "+", removed: "-", note: "\\" } as const;
const WORD: Readonly<Record<FileChange, string>> = {
  modified: "changed",
  added: "new",
  deleted: "deleted",
  renamed: "renamed",
  copied: "copied",
};

function rowsOf(files: readonly PatchFile[], closed: ReadonlySet<number>): readonly Row[] {
  return files.flatMap((file, index): Row[] => {
    const rows: Row[] = [{ kind: "file", file, index }];
    if (closed.has(index)) return rows;
    for (const text of file.notes) rows.push({ kind: "title", text });
    if (file.isBinary) rows.push({ kind: "title", text: "bytes that are no text" });
    for (const hunk of file.hunks) {
      rows.push({ kind: "title", text: hunk.title });
      for (const line of hunk.lines) rows.push({ kind: "line", line });
    }
    return rows;
  });
}

export function PatchView(props: { readonly text: string; readonly isPart: boolean; readonly label?: string }): JSX.Element {
  const files = useMemo(() => parsePatch(props.text, props.isPart), [props.text, props.isPart]);
  const [closed, setClosed] = useState<ReadonlySet<number>>(new Set());
  const rows = useMemo(() => rowsOf(files, closed), [files, closed]);
  const turn = (index: number): void => {
    const next = new Set(closed);
    if (!next.delete(index)) next.add(index);
    setClosed(next);
  };
  const added = files.reduce((sum, file) => sum + file.added, 0);
  const removed = files.reduce((sum, file) => sum + file.removed, 0);
  return (
    <div class="preview-patch">
      <p class="preview-facts">
        {files.length} {files.length === 1 ? "file" : "files"}, <span class="preview-added">+{added}</span>{" "}
        <span class="preview-removed">−{removed}</span>
        {props.isPart && " in the part that is shown"}
      </p>
      <LineList
        label={props.label ?? "lines of the patch"}
        count={rows.length}
        height={20}
        render={(at) => <PatchRow row={rows[at]} closed={closed} onTurn={turn} />}
      />
    </div>
  );
}

function PatchRow(props: { row: Row | undefined; closed: ReadonlySet<number>; onTurn: (index: number) => void }): JSX.Element | null {
  const { row } = props;
  if (!row) return null;
  if (row.kind === "title") return <span class="preview-hunk">{row.text}</span>;
  if (row.kind === "line") return <DifferenceLine kind={row.line.kind} before={row.line.before} after={row.line.after} text={row.line.text} />;
  const isOpen = !props.closed.has(row.index);
  return (
    <button type="button" class="preview-file" aria-expanded={isOpen} onClick={() => props.onTurn(row.index)}>
      <span aria-hidden="true">{isOpen ? "▾" : "▸"}</span> <bdi>{row.file.path}</bdi>
      {row.file.formerPath !== null && (
        <span>
          {" from "}
          <bdi>{row.file.formerPath}</bdi>
        </span>
      )}{" "}
      <span class="preview-word">{WORD[row.file.change]}</span> <span class="preview-added">+{row.file.added}</span>{" "}
      <span class="preview-removed">−{row.file.removed}</span>
    </button>
  );
}

/** One line of a difference with its two numbers and its sign. */
export function DifferenceLine(props: {
  readonly kind: PatchLine["kind"];
  readonly before: number | null;
  readonly after: number | null;
  readonly text: string;
}): JSX.Element {
  return (
    <span class={`preview-line preview-line-${props.kind}`}>
      <span class="preview-number">{props.before ?? ""}</span>
      <span class="preview-number">{props.after ?? ""}</span>
      <span class="preview-sign">{SIGN[props.kind]}</span>
      <span class="preview-code" dir="ltr">
        {props.text}
      </span>
    </span>
  );
}
