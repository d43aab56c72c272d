/**
 * What can stand at a place of a filter: columns, operators, values, or what joins clauses.
 *
 * Invariants: what is suggested can be read by the server when it is taken; a suggestion replaces the token that is
 * being typed and nothing else.
 */
import { isWord, quotedColumn, quotedText, tokensOf, type Token } from "./lex";

/** What is expected where somebody types. */
export interface Expected {
  readonly kind: "column" | "operator" | "value" | "joint";
  /** What has been typed of it. */
  readonly prefix: string;
  /** Which part of the filter a suggestion replaces. */
  readonly from: number;
  readonly to: number;
  /** The column that is compared, for operators and values. */
  readonly column: string | null;
}

/** Something that can be taken. */
export interface Suggestion {
  readonly text: string;
  /** What it is, in a word. */
  readonly note: string;
}

/** A name that runs have. */
export interface Name {
  readonly column: string;
  readonly family: "metric" | "param" | "tag" | "attribute";
  readonly runs: number | null;
}

/** What every run has, with the word for it. */
export const ATTRIBUTES: readonly string[] = [
  "name", "status", "started", "ended", "created", "took", "experiment", "number", "actor", "host", "seed", "points",
  "lines", "notes", "command", "error", "id", "pid",
];
const STATES = ["running", "completed", "failed", "cancelled", "timed_out", "lost", "queued", "pending"];
const TIMES = ["-1h", "-1d", "-7d", "-30d", "today", "yesterday", "now"];
const SIGNS = ["=", "!=", "<", "<=", ">", ">="];
const WORDS = ["like", "ilike", "in", "between", "is null", "is not null"];

/** What is expected at a place of a filter. */
export function expectedAt(filter: string, cursor: number): Expected {
  const tokens = tokensOf(filter.slice(0, cursor));
  const last = tokens.at(-1);
  const isTyping = last !== undefined && last.end === cursor && isOpen(last);
  const before = isTyping ? tokens.slice(0, -1) : tokens;
  const from = isTyping ? last.start : cursor;
  // What stands behind the cursor without a blank belongs to the token that is being typed.
  const rest = isTyping ? (/^[^\s(),=<>!]*/.exec(filter.slice(cursor))?.[0] ?? "") : "";
  const place = { prefix: isTyping ? last.text : "", from, to: cursor + rest.length };
  return { ...place, ...kindBehind(before) };
}

/** Whether a token can still grow. */
function isOpen(token: Token): boolean {
  return token.kind === "word" || token.openAt !== null;
}

function kindBehind(tokens: readonly Token[]): { kind: Expected["kind"]; column: string | null } {
  const last = tokens.at(-1);
  if (last === undefined || last.kind === "open" || isWord(last, "and", "or")) {
    const list = openList(tokens);
    if (list !== null) return { kind: "value", column: list };
    const between = isWord(last, "and") ? betweenColumn(tokens) : null;
    return between === null ? { kind: "column", column: null } : { kind: "value", column: between };
  }
  if (last.kind === "comma") return { kind: "value", column: openList(tokens) };
  if (last.kind === "operator") return { kind: "value", column: columnBefore(tokens, tokens.length - 1) };
  if (isWord(last, "like", "ilike", "between")) {
    return { kind: "value", column: columnBefore(tokens, tokens.length - 1) };
  }
  if (isWord(last, "not")) return { kind: "column", column: null };
  const previous = tokens.at(-2);
  const isValue = previous?.kind === "operator" || isWord(previous, "like", "ilike", "between");
  const isEnd = isValue || last.kind === "close" || last.kind === "text" || isWord(last, "null", "dirty");
  if (isEnd || openList(tokens) !== null || betweenColumn(tokens.slice(0, -1)) !== null) {
    return { kind: "joint", column: null };
  }
  return { kind: "operator", column: last.text };
}

/** The column of the `in (` that is open at the end. */
function openList(tokens: readonly Token[]): string | null {
  const open = tokens.findLastIndex((token) => token.kind === "open");
  const close = tokens.findLastIndex((token) => token.kind === "close");
  if (open < 0 || close > open || !isWord(tokens[open - 1], "in")) return null;
  return columnBefore(tokens, open - 1);
}

/** The column of a `between x and` at the end. */
function betweenColumn(tokens: readonly Token[]): string | null {
  const between = tokens.length - 3;
  return isWord(tokens[between], "between") && isWord(tokens.at(-1), "and") ? columnBefore(tokens, between) : null;
}

function columnBefore(tokens: readonly Token[], at: number): string | null {
  const before = tokens[isWord(tokens[at - 1], "not") ? at - 2 : at - 1];
  return before === undefined ? null : before.text;
}

const SHOWN_MAX = 50;

/** What can be taken at a place. `values` are those that runs have in the column that is compared. */
export function suggestions(expected: Expected, names: readonly Name[], values: readonly string[]): Suggestion[] {
  if (expected.kind === "column") return columns(expected.prefix, names);
  if (expected.kind === "operator") {
    return matching([...SIGNS, ...WORDS], expected.prefix).map((text) => ({ text, note: "" }));
  }
  if (expected.kind === "joint") return matching(["and", "or"], expected.prefix).map((text) => ({ text, note: "" }));
  return valuesFor(expected, values);
}

function columns(prefix: string, names: readonly Name[]): Suggestion[] {
  const attributes = ATTRIBUTES.map((column): Name => ({ column, family: "attribute", runs: null }));
  const wanted = plain(prefix);
  const found = [...names, ...attributes, ...FACTS].filter(({ column }) => plain(column).includes(wanted));
  const rank = ({ column }: Name): number => (plain(column).startsWith(wanted) ? 0 : 1);
  found.sort((a, b) => rank(a) - rank(b));
  return found.slice(0, SHOWN_MAX).map((name) => ({
    text: name.family === "attribute" ? name.column : quotedColumn(name.column),
    note: name.runs === null ? name.family : `${name.family}, ${name.runs.toLocaleString("en")} runs`,
  }));
}

const FACTS: readonly Name[] = [
  { column: "dirty", family: "attribute", runs: null },
  { column: "not", family: "attribute", runs: null },
];

/** A name without its family and quotes, for comparing with what is typed. */
function plain(name: string): string {
  return name.replace(/^(metrics?|params?|tags?|attributes?)\.|^[=.]/, "").replaceAll("`", "").toLowerCase();
}

function valuesFor(expected: Expected, values: readonly string[]): Suggestion[] {
  const column = plain(expected.column ?? "");
  const isTime = ["started", "ended", "created", "start_time", "end_time"].includes(column);
  const isState = column === "status" || column === "state";
  const known = isState ? STATES : isTime ? TIMES : values;
  const prefix = expected.prefix.replace(/^['"]/, "").toLowerCase();
  const found = known.filter((value) => value.toLowerCase().includes(prefix));
  found.sort((a, b) => Number(!a.toLowerCase().startsWith(prefix)) - Number(!b.toLowerCase().startsWith(prefix)));
  const texts = found.slice(0, SHOWN_MAX);
  return texts.map((text) => ({ text: isState || isTime || isNumber(text) ? text : quotedText(text), note: "" }));
}

/** Whether a value stands without quotes, as the number that it spells. */
function isNumber(text: string): boolean {
  return /^-?\d+(\.\d+)?([eE][-+]?\d+)?$/.test(text);
}

function matching(words: readonly string[], prefix: string): string[] {
  return words.filter((word) => word.startsWith(prefix.toLowerCase()));
}

/** The filter with a suggestion taken, and where the cursor stands then. */
export function taken(filter: string, expected: Expected, text: string): { filter: string; cursor: number } {
  const before = filter.slice(0, expected.from);
  const behind = filter.slice(expected.to);
  const space = behind.startsWith(" ") ? "" : " ";
  const opening = text === "in" && expected.kind === "operator" ? " (" : space;
  const head = before + text + opening;
  return { filter: head + behind, cursor: head.length + (opening === "" ? 1 : 0) };
}
