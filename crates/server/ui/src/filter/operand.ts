/**
 * What a word of a filter names, and what can be compared with it: the families, attributes and literals of
 * docs/search.md.
 *
 * Invariant: what is said to fit is taken by the server; of what is doubtful nothing is said.
 */
import { lower, plainWord, type Token } from "./lex";

export type OperandFamily = "metric" | "param" | "tag" | "attribute" | "dataset" | "bare";

/** What is compared. */
export interface Operand {
  readonly family: OperandFamily;
  readonly name: string;
}

/** What a column holds, as far as it decides what can be compared with it. */
export type Kind = "number" | "time" | "length" | "state" | "fact" | "text" | "any";

const PREFIXES: Record<string, OperandFamily> = {
  metrics: "metric", metric: "metric", params: "param", param: "param", parameters: "param", parameter: "param",
  tags: "tag", tag: "tag", attributes: "attribute", attribute: "attribute", attr: "attribute", run: "attribute",
  datasets: "dataset", dataset: "dataset",
};

const ATTRIBUTE_KINDS = new Map<string, Kind>([
  ...of("text", "id", "run_id", "name", "run_name", "run name", "experiment", "experiment_name", "actor", "user", "user_id",
    "creator", "host", "command", "error"),
  ...of("number", "experiment_id", "number", "pid", "seed", "points", "lines", "notes"),
  ...of("time", "created", "started", "start_time", "ended", "end_time"),
  ...of("length", "took", "duration"),
  ...of("state", "status", "state"),
  ...of("fact", "dirty"),
]);

const DATASET_NAMES = ["name", "digest", "context"];
const STATES = new Set([
  "pending", "queued", "running", "completed", "failed", "cancelled", "timed_out", "lost", "finished", "killed", "scheduled",
]);
const AGGREGATES = /\.(last|first|min|max|mean|count)$/;

function of(kind: Kind, ...names: readonly string[]): [string, Kind][] {
  return names.map((name) => [name, kind]);
}

/** What a word names. */
export function operandOf(token: Token): Operand {
  const raw = token.text;
  if (token.kind === "text") return { family: "bare", name: raw.slice(1, -1).replaceAll(raw.charAt(0).repeat(2), raw.charAt(0)) };
  if (raw.startsWith("=")) return { family: "param", name: plainWord(raw.slice(1)) };
  if (raw.startsWith(".")) return { family: "attribute", name: plainWord(raw.slice(1)) };
  const mark = raw.search(/[.`"{]/);
  const family = mark >= 0 && raw.charAt(mark) === "." ? PREFIXES[lower(raw.slice(0, mark))] : undefined;
  if (family === undefined) return { family: "bare", name: plainWord(raw) };
  return { family, name: plainWord(raw.slice(mark + 1)) };
}

/** What an attribute holds; null when there is none of this name. */
export function attributeKind(name: string): Kind | null {
  return ATTRIBUTE_KINDS.get(lower(name)) ?? null;
}

/** What a column holds; null when it is not sure that there is one. `known` are the names that runs have. */
export function kindOf(operand: Operand, known: ReadonlyMap<string, Kind>): Kind | null {
  const { family, name } = operand;
  if (family === "metric") return "number";
  if (family === "param" || family === "tag") return "any";
  if (family === "dataset") return DATASET_NAMES.includes(name) ? "text" : null;
  const attribute = attributeKind(name);
  if (family === "attribute" || attribute !== null) return attribute;
  const metric = name.replace(/@step$/, "").replace(AGGREGATES, "");
  return known.get(name) ?? (known.get(metric) === "number" ? "number" : null);
}

const NUMBER = /^\s*[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?\s*$|^\s*[-+]?(inf|infinity|nan)\s*$/i;
const LENGTH = /^(\d+(\.\d*)?(ns|us|ms|s|min|m|h|d|w))+$/;
const TIME = /^(now|today|yesterday)$|^\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2})?Z?)?$/;

/** Whether a literal is surely one that a column of this kind can be compared with. */
export function fits(kind: Kind, literal: string): boolean {
  if (kind === "text" || kind === "any") return true;
  if (kind === "number") return NUMBER.test(literal);
  if (kind === "length") return /^\d+$/.test(literal) || LENGTH.test(literal);
  if (kind === "state") return STATES.has(lower(literal));
  if (kind === "fact") return /^(true|false)$/i.test(literal);
  return TIME.test(literal) || /^-?\d+$/.test(literal) || (literal.startsWith("-") && LENGTH.test(literal.slice(1)));
}
