/**
 * What a record of the log says, as one line of words.
 *
 * Invariants: what is empty, who did it and what the record is about are left out, because they stand beside the line;
 * an identifier is told by its last eight characters; nothing is told that the payload does not hold.
 */

const MOST_CHARACTERS = 400;
const BESIDE = new Set(["actor", "command", "run", "columns", "id"]);
/** What people look for first, in this order; everything else follows as the payload has it. */
const FIRST = ["name", "path", "alias", "number", "state", "from", "to", "error", "why", "text", "step", "kind"];
const IDENTIFIER = /^(?:[a-z]+[-:])?[0-9a-f]{16,}$/;

/** A value in words, or nothing when it is empty. */
function wordsOf(value: unknown): string {
  if (value === null || value === undefined || value === "") return "";
  if (typeof value === "string") return IDENTIFIER.test(value) ? value.slice(-8) : value;
  if (Array.isArray(value)) return value.map(wordsOf).filter(Boolean).join(", ");
  if (typeof value !== "object") return String(value);
  return Object.entries(value)
    .map(([name, inner]) => [name, wordsOf(inner)] as const)
    .filter(([, words]) => words !== "")
    .map(([name, words]) => `${name} = ${words}`)
    .join(", ");
}

/** The points of a record, each with the name of its metric. */
function pointsOf(payload: Readonly<Record<string, unknown>>, labels: readonly string[]): string | null {
  const { values, step } = payload;
  if (!Array.isArray(values) || values.length !== labels.length) return null;
  const points = values.map((value, at) => `${labels[at]} ${wordsOf(value)}`).join(", ");
  return step === undefined ? points : `step ${wordsOf(step)}: ${points}`;
}

/** `labels` are the names of the metrics that the payload names by number. */
export function saysOf(payload: unknown, labels: readonly string[]): string {
  if (typeof payload !== "object" || payload === null || Array.isArray(payload)) return wordsOf(payload).slice(0, MOST_CHARACTERS);
  const all = payload as Readonly<Record<string, unknown>>;
  const points = pointsOf(all, labels);
  if (points !== null) return points.slice(0, MOST_CHARACTERS);
  const names = [...FIRST.filter((name) => Object.hasOwn(all, name)), ...Object.keys(all).filter((name) => !FIRST.includes(name) && !BESIDE.has(name))];
  const told = names
    .map((name) => [name, wordsOf(all[name])] as const)
    .filter(([, words]) => words !== "")
    .map(([name, words]) => (name === "name" || name === "path" || name === "text" ? words : `${name.replaceAll("_", " ")} ${words}`));
  return [...labels.slice(0, 6), ...told].join(" · ").slice(0, MOST_CHARACTERS);
}
