/**
 * A filter as its clauses: what stands between the outermost `and`s, for chips.
 *
 * Invariant: joining all clauses of a filter again means what the filter meant; leaving one out leaves out exactly its
 * condition.
 */
import { isWord, tokensOf, type Token } from "./lex";

/** A part of a filter that every run must fulfil. */
export interface Clause {
  readonly text: string;
  readonly start: number;
  readonly end: number;
}

/** The clauses, in order. A filter with an `or` outside of parentheses is one clause. */
export function clausesOf(filter: string): Clause[] {
  const tokens = tokensOf(filter);
  const groups = grouped(tokens);
  if (groups === null) {
    const text = filter.trim();
    return text === "" ? [] : [{ text, start: filter.indexOf(text), end: filter.indexOf(text) + text.length }];
  }
  return groups.map((group) => {
    const start = group[0]?.start ?? 0;
    const end = group.at(-1)?.end ?? 0;
    return { text: filter.slice(start, end), start, end };
  });
}

/** The tokens of each clause; null when an `or` holds them together. */
function grouped(tokens: readonly Token[]): Token[][] | null {
  const groups: Token[][] = [];
  let group: Token[] = [];
  let depth = 0;
  for (let at = 0; at < tokens.length; at += 1) {
    const token = tokens[at] as Token;
    if (token.kind === "open") depth += 1;
    if (token.kind === "close") depth -= 1;
    if (depth === 0 && isWord(token, "or")) return null;
    const isAnd = depth === 0 && isWord(token, "and") && !isOfBetween(group);
    // A parenthesis that opens stands where it stands, not inside of itself.
    const level = token.kind === "open" ? depth - 1 : depth;
    if (isAnd || (level === 0 && group.length > 0 && begins(token, group, tokens[at + 1]))) {
      if (group.length > 0) groups.push(group);
      group = [];
      if (isAnd) continue;
    }
    group.push(token);
  }
  if (group.length > 0) groups.push(group);
  return groups;
}

/** Whether an `and` belongs to a `between` that has not had its own. */
function isOfBetween(group: readonly Token[]): boolean {
  const between = group.findLastIndex((token) => isWord(token, "between"));
  return between >= 0 && !group.slice(between).some((token) => isWord(token, "and"));
}

/** Whether a token begins a new clause behind a whole one, the `and` between them being left out. */
function begins(token: Token, group: readonly Token[], next: Token | undefined): boolean {
  if (token.kind === "operator" || token.kind === "close" || token.kind === "comma") return false;
  if (isWord(token, "in", "like", "ilike", "between", "is", "null")) return false;
  const last = group.at(-1);
  if (last === undefined || last.kind === "operator" || last.kind === "open" || isWord(last, "not")) return false;
  if (isWord(last, "in", "like", "ilike", "between", "is") || isOfBetween(group)) return false;
  if (isWord(last, "and")) return false;
  // `name not in (..)`: the word belongs to the column before it.
  if (isWord(token, "not") && isWord(next, "in", "like", "ilike", "between")) return false;
  return token.kind !== "odd";
}

/** The filter of some clauses. */
export function joined(clauses: readonly string[]): string {
  const parts = clauses.map((clause) => clause.trim()).filter((clause) => clause !== "");
  // Beside others, a clause with an `or` of its own needs parentheses.
  return parts.map((part) => (parts.length > 1 && hasOr(part) ? `(${part})` : part)).join(" and ");
}

function hasOr(clause: string): boolean {
  return grouped(tokensOf(clause)) === null;
}

/** The filter without its clause at a place. */
export function without(filter: string, place: number): string {
  const clauses = clausesOf(filter).map((clause) => clause.text);
  return joined(clauses.filter((_, at) => at !== place));
}

/** The filter with one more clause; one that it has already is not added again. */
export function including(filter: string, clause: string): string {
  const clauses = clausesOf(filter).map((known) => known.text);
  return clauses.includes(clause) ? filter : joined([...clauses, clause]);
}
