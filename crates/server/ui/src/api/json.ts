/**
 * JSON as the interface writes it.
 *
 * Invariant: a whole number with more digits than a number of the browser holds is kept digit for digit, as a text;
 * steps and counts stay numbers, for they are reckoned with.
 */

/** Whether there may be such a number; most answers have none, and are read the short way. */
const LONG = /[[:,\s]-?\d{16,}(?![\d.eE])/;
/** What is reckoned with. */
const RECKONED = /^(step|step_first|count|lsn|bytes|\d+)$/;

type Revive = (key: string, value: unknown, context?: { source?: string }) => unknown;

const keep: Revive = (key, value, context) => {
  if (typeof value !== "number" || Number.isSafeInteger(value) || RECKONED.test(key)) return value;
  const source = context?.source;
  return source !== undefined && /^-?\d+$/.test(source) ? source : value;
};

/** Takes a text of JSON apart. */
export function parsed(text: string): unknown {
  return LONG.test(text) ? (JSON.parse as (text: string, revive: Revive) => unknown)(text, keep) : JSON.parse(text);
}
