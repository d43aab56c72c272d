/**
 * Whether a filter that is being typed can be asked.
 *
 * Invariants: what cannot be read is never asked; what the server may refuse, or what is likely to become something
 * else with the next key, is asked when somebody pauses or ends it, and everything else at once.
 */
import type { ErrorPlace } from "../api/types";
import { read, type Comparison } from "./check";
import { ATTRIBUTES, type Name } from "./complete";
import { lower } from "./lex";
import { fits, kindOf, type Kind } from "./operand";

export type Verdict = { readonly kind: "ready" | "doubtful" } | { readonly kind: "wrong"; readonly place: ErrorPlace };

/** The names that runs have, without their families, with what they hold. */
export function kindsOf(names: readonly Name[]): ReadonlyMap<string, Kind> {
  const kinds = new Map<string, Kind>();
  for (const { column, family } of names) {
    const name = family === "param" ? column.replace(/^=/, "") : family === "tag" ? column.replace(/^tags\./, "") : column;
    // Of equal names the metric is meant.
    if (family === "metric") kinds.set(name, "number");
    else if (!kinds.has(name)) kinds.set(name, "any");
  }
  return kinds;
}

/** What is to be done with a filter as it stands. */
export function verdictOf(filter: string, known: ReadonlyMap<string, Kind>): Verdict {
  const found = read(filter);
  if ("wrong" in found) return { kind: "wrong", place: found.wrong };
  const { comparisons, words } = found.sentence;
  const last = words.at(-1);
  const isLast = last !== undefined && filter.slice(last.end).trim() === "";
  const isDoubtful = (isLast && canGrow(last.text, known)) || comparisons.some((comparison) => !isSure(comparison, known));
  return { kind: isDoubtful ? "doubtful" : "ready" };
}

function isSure(comparison: Comparison, known: ReadonlyMap<string, Kind>): boolean {
  const { operand, how, isList, values } = comparison;
  const kind = kindOf(operand, known);
  if (kind === null) return false;
  if (how === "presence") return true;
  if (how === "pattern") return kind === "text" || kind === "any" || kind === "state";
  return !(kind === "fact" && isList) && values.every((value) => fits(kind, value));
}

const BEGINNINGS = ["and", "or", "not", "dirty", "metrics.", "params.", "tags.", "attributes.", "dataset."];

/** Whether a word at the end is the beginning of a column or of a keyword. */
function canGrow(word: string, known: ReadonlyMap<string, Kind>): boolean {
  const begun = lower(word);
  const begins = (name: string): boolean => lower(name).startsWith(begun);
  if (BEGINNINGS.some(begins) || ATTRIBUTES.some(begins)) return true;
  for (const name of known.keys()) if (begins(name)) return true;
  return false;
}
