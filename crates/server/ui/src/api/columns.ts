/**
 * Histories as the server packs them: application/vnd.mltrack.columns, drawn in docs/api.md.
 *
 * Invariant: nothing is copied but the bytes that came, and what is cut short or of another version is an error.
 */
import { ApiError, ask, type CallOptions } from "./client";
import { pinnedAt } from "../state/url";
import type { HistoryQuestion as Question } from "./types";

/** The history of one metric of one run. */
export interface Columns {
  readonly run: string;
  readonly metric: string;
  readonly kind: "points" | "buckets";
  readonly rows: number;
  readonly columns: Readonly<Record<string, Float64Array | BigInt64Array>>;
}

/** A question for histories; `runs` must be there, the rest may be. */
export type HistoryQuestion = Partial<Question> & Pick<Question, "runs">;

interface Head {
  run: string;
  metric: string;
  kind: "points" | "buckets";
  columns: { name: string; type: "f64" | "i64" }[];
}

const TYPE = "application/vnd.mltrack.columns";
const MAGIC = [0x4d, 0x4c, 0x54, 0x43, 0x4f, 0x4c, 0, 1];

/** The histories in the bytes of an answer. */
export function decodeColumns(buffer: ArrayBuffer): Columns[] {
  const view = new DataView(buffer);
  if (buffer.byteLength < 16 || MAGIC.some((byte, index) => view.getUint8(index) !== byte)) {
    throw broken("it does not begin as histories do");
  }
  const count = view.getUint32(8, true);
  const found: Columns[] = [];
  let at = 16;
  for (let index = 0; index < count; index += 1) {
    const read = decodeOne(buffer, view, at);
    found.push(read.history);
    at = read.end;
  }
  return found;
}

function decodeOne(buffer: ArrayBuffer, view: DataView, start: number): { history: Columns; end: number } {
  if (start + 8 > buffer.byteLength) throw broken(`it ends at byte ${buffer.byteLength}`);
  const headLength = view.getUint32(start, true);
  const rows = view.getUint32(start + 4, true);
  let at = start + 8;
  if (at + headLength > buffer.byteLength) throw broken(`it ends at byte ${buffer.byteLength}`);
  const head = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, at, headLength))) as Head;
  at += headLength;
  const columns: Record<string, Float64Array | BigInt64Array> = {};
  for (const { name, type } of head.columns) {
    if (at + 8 * rows > buffer.byteLength) throw broken(`it ends at byte ${buffer.byteLength}`);
    columns[name] = type === "i64" ? new BigInt64Array(buffer, at, rows) : new Float64Array(buffer, at, rows);
    at += 8 * rows;
  }
  return { history: { run: head.run, metric: head.metric, kind: head.kind, rows, columns }, end: at };
}

function broken(what: string): ApiError {
  const hint = "Load the page anew: it may be older than the server.";
  return new ApiError(`the histories cannot be read: ${what}`, 0, "BROKEN_ANSWER", hint, null);
}

/** Asks for histories, as of the moment that is shown. */
export async function histories(question: HistoryQuestion, options: CallOptions = {}): Promise<Columns[]> {
  const at = question.at ?? (options.pinned === false ? null : pinnedAt.peek());
  const response = await ask("/history", at === null ? question : { ...question, at }, TYPE, options);
  return decodeColumns(await response.arrayBuffer());
}
