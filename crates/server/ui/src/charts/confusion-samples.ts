/**
 * The samples behind a cell of a confusion matrix: rows of tables that the same run logged at the same step.
 *
 * Invariant: a row is a sample of a cell only when its own columns say both what it is and what it was taken for.
 */
import type { DataTable } from "./line-words";
import type { Medium } from "./media-model";

/** Rows of one table, and the pictures that stand in its cells. */
export interface Samples {
  readonly name: string;
  readonly table: DataTable;
  readonly images: readonly { readonly artifact: string; readonly path: string }[];
}

const ACTUAL = /^(actual|label|target|truth|true|y|y_true|ground_?truth|expected|class|(true|actual)_(label|class))$/i;
const PREDICTED = /^(predicted|predictions?|preds?|y_pred|y_hat|guess|output|(predicted|pred)_(label|class))$/i;

/** What tables at a step have of one cell; empty where no table has such columns. */
export function samplesOf(rows: ReadonlyMap<string, readonly Medium[]>, step: number, actual: string, predicted: string): Samples[] {
  const media = [...rows.values()].flat().filter((medium) => medium.step === step);
  return [...rows].flatMap(([name, row]) =>
    row.flatMap((medium) => {
      if (medium.kind !== "table" || medium.step !== step) return [];
      const { columns } = medium.table;
      const [is, taken] = [columns.findIndex((column) => ACTUAL.test(column)), columns.findIndex((column) => PREDICTED.test(column))];
      if (is < 0 || taken < 0) return [];
      const found = medium.table.rows.filter((cells) => String(cells[is]) === actual && String(cells[taken]) === predicted);
      const paths = new Set(found.flat());
      const images = media.flatMap((other) => (other.kind === "image" && paths.has(other.path) ? [{ artifact: other.artifact, path: other.path }] : []));
      return [{ name, table: { columns, rows: found }, images }];
    }),
  );
}
