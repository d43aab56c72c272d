/**
 * What the workspace asks of the interface and what it gets, in the parts that it uses.
 *
 * Invariant: a question about runs is made in one place, so that rows, counts, groups and bulk changes mean the same
 * runs.
 */
import type { Cell } from "./cells";

export interface ColumnForm {
  readonly name: string;
  readonly column: string;
  readonly runs: number;
  readonly differs: boolean;
}

export interface ColumnsForm {
  readonly runs: number;
  readonly params: readonly ColumnForm[];
  readonly metrics: readonly ColumnForm[];
  readonly tags: readonly ColumnForm[];
  readonly lsn: number;
}

/** A row, in the members that the table asks for. */
export interface Row {
  readonly id: string;
  readonly short: string;
  readonly name: string;
  readonly experiment: string;
  readonly state: string;
  readonly started: string | null;
  readonly ended: string | null;
  readonly silent_s: number | null;
  readonly columns: Readonly<Record<string, Cell>>;
}

export const ROW_FIELDS: readonly string[] = [
  "id", "short", "name", "experiment", "state", "started", "ended", "silent_s", "columns",
];

export interface RowsPage {
  readonly items: readonly Row[];
  readonly total: number;
  readonly lsn: number;
  readonly notes: readonly string[];
}

/** Which runs the workspace shows. */
export interface Meant {
  readonly experiment: string;
  readonly filter: string;
  /** Runs that were put out of sight. */
  readonly hidden: readonly string[];
  /** Runs that were created later are new, and wait behind a bar. */
  readonly until: string | null;
  readonly deleted: boolean;
}

/** A question about these runs, deleted or not. */
export function questionOfIds(ids: readonly string[], columns: readonly string[]): Record<string, unknown> {
  const filter = [`id in (${ids.map((id) => `'${id}'`).join(", ")})`];
  return { filter, columns, fields: ROW_FIELDS, limit: ids.length, deleted: "with" };
}

/** The members of a question that say which runs are meant. */
export function questionOf(meant: Meant): Record<string, unknown> & { filter: string[] } {
  const filter: string[] = [];
  if (meant.filter.trim() !== "") filter.push(meant.filter);
  if (meant.hidden.length > 0) filter.push(`not id in (${meant.hidden.map((id) => `'${id}'`).join(", ")})`);
  if (meant.until !== null) filter.push(`created <= '${meant.until}'`);
  return { experiment: meant.experiment, filter, ...(meant.deleted ? { deleted: "with" } : {}) };
}

export interface GroupsForm {
  readonly groups: readonly {
    readonly values: readonly (string | null)[];
    readonly runs: number;
    readonly columns: Readonly<Record<string, NumbersForm>>;
  }[];
  readonly total: number;
  readonly runs: number;
}

export interface NumbersForm {
  readonly count: number;
  readonly mean: number | string | null;
  readonly min: number | string | null;
  readonly max: number | string | null;
}

export interface BulkForm {
  readonly runs: number;
  readonly changed: number | null;
  readonly items: readonly { readonly id: string; readonly name: string; readonly experiment: string }[];
  readonly lsn: number | null;
}
