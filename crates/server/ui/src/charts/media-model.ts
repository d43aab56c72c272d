/**
 * What runs logged beside numbers, by what it is of and by step.
 *
 * Invariant: what is shown at a step is the last that was logged there or before, and says its own step.
 */
import type { Artifact, LoggedValue } from "../api/types";
import { confusionOf, type Confusion } from "./confusion-model";
import type { DataTable } from "./line-words";

export type Medium =
  | { readonly kind: "image" | "audio"; readonly step: number; readonly artifact: string; readonly path: string; readonly bytes: number }
  | { readonly kind: "text"; readonly step: number; readonly text: string }
  | { readonly kind: "table"; readonly step: number; readonly table: DataTable }
  | { readonly kind: "confusion"; readonly step: number; readonly matrix: Confusion };

/** The name of a row of media: a path whose number is the step stands for all steps. */
export function seriesOf(path: string, step: number): string {
  // 0012 is the same number as 12, and v2 in another part of the name is none of it.
  return path.replace(/\d+/g, (digits) => (Number(digits) === step ? "#" : digits));
}

/** Images and sounds among artifacts that have a step. */
export function mediaOfArtifacts(artifacts: readonly Artifact[]): [string, Medium][] {
  return artifacts.flatMap((artifact): [string, Medium][] => {
    const { step, media_type: type, path, id, bytes } = artifact;
    const kind = type.startsWith("image/") ? "image" : type.startsWith("audio/") ? "audio" : null;
    if (kind === null || step === null || step === undefined || artifact.removed) return [];
    return [[seriesOf(path, step), { kind, step, artifact: id, path, bytes }]];
  });
}

/** Texts, tables and matrices among logged values; other JSON as text. */
export function mediaOfValues(values: readonly LoggedValue[]): [string, Medium][] {
  return values.map(({ name, step, value }): [string, Medium] => {
    const matrix = confusionOf(value);
    if (matrix !== null) return [name, { kind: "confusion", step, matrix }];
    const { mltrack, text, columns, rows } = (typeof value === "object" && value !== null ? value : {}) as Record<string, unknown>;
    if (mltrack === "text" && typeof text === "string") return [name, { kind: "text", step, text }];
    if (mltrack === "table" && Array.isArray(columns) && Array.isArray(rows)) {
      return [name, { kind: "table", step, table: { columns: columns.map(String), rows: rows.map((row) => cellsOf(row)) } }];
    }
    return [name, { kind: "text", step, text: JSON.stringify(value, null, 2) }];
  });
}

function cellsOf(row: unknown): (string | number | null)[] {
  const cells: unknown[] = Array.isArray(row) ? row : [row];
  return cells.map((cell) => (typeof cell === "number" || typeof cell === "string" || cell === null ? cell : JSON.stringify(cell)));
}

/** By name, each in the order of its steps. */
export function byName(media: readonly [string, Medium][]): Map<string, Medium[]> {
  const found = new Map<string, Medium[]>();
  for (const [name, medium] of media) found.set(name, [...(found.get(name) ?? []), medium]);
  for (const row of found.values()) row.sort((left, right) => left.step - right.step);
  return found;
}

/** The last at a step or before it. */
export function atStep(row: readonly Medium[], step: number): Medium | null {
  let found: Medium | null = null;
  for (const medium of row) if (medium.step <= step) found = medium;
  return found;
}

/** The names of rows that stand for themselves: pictures that a table names in its cells are shown with the table. */
export function ownNames(rows: ReadonlyMap<string, readonly Medium[]>): string[] {
  const cells = new Set([...rows.values()].flatMap((row) => row.flatMap((medium) => (medium.kind === "table" ? medium.table.rows.flat() : []))));
  const isOfTable = (medium: Medium) => (medium.kind === "image" || medium.kind === "audio") && cells.has(medium.path);
  return [...rows].filter(([, row]) => !row.every(isOfTable)).map(([name]) => name);
}
