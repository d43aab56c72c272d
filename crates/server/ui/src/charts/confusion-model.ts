/**
 * A confusion matrix in its forms.
 *
 * Invariant: a value is read as a matrix only when it is as wide and as high as it has labels.
 */

/** `counts[actual][predicted]`. */
export interface Confusion {
  readonly labels: readonly string[];
  readonly counts: readonly (readonly number[])[];
}

export type ConfusionForm = "counts" | "rows" | "columns";

/** The matrix that a logged value is; null when it is something else. */
export function confusionOf(value: unknown): Confusion | null {
  if (typeof value !== "object" || value === null) return null;
  const { mltrack, labels, counts } = value as Record<string, unknown>;
  if (mltrack !== "confusion_matrix" || !Array.isArray(labels) || !Array.isArray(counts)) return null;
  const isRow = (row: unknown) => Array.isArray(row) && row.length === labels.length && row.every((cell) => typeof cell === "number");
  const isWhole = counts.length === labels.length && counts.every(isRow) && labels.every((label) => typeof label === "string");
  return isWhole ? { labels: labels as string[], counts: counts as number[][] } : null;
}

/** The cells in a form: counts, or shares of their row (recall) or column (precision); 0 where the sum is. */
export function cellsOf({ counts }: Confusion, form: ConfusionForm): number[][] {
  if (form === "counts") return counts.map((row) => [...row]);
  const rowSums = counts.map((row) => row.reduce((sum, cell) => sum + cell, 0));
  const columnSums = counts.map((_, column) => counts.reduce((sum, row) => sum + (row[column] ?? 0), 0));
  return counts.map((row, actual) =>
    row.map((cell, predicted) => {
      const sum = (form === "rows" ? rowSums[actual] : columnSums[predicted]) ?? 0;
      return sum === 0 ? 0 : cell / sum;
    }),
  );
}

/** The first minus the second, by label; null when they have none in common. */
export function differenceOf(first: Confusion, second: Confusion, form: ConfusionForm): { labels: string[]; cells: number[][] } | null {
  const labels = first.labels.filter((label) => second.labels.includes(label));
  if (labels.length === 0) return null;
  const [one, two] = [cellsOf(first, form), cellsOf(second, form)];
  const at = (cells: number[][], of: Confusion, actual: string, predicted: string) => cells[of.labels.indexOf(actual)]?.[of.labels.indexOf(predicted)] ?? 0;
  const cells = labels.map((actual) => labels.map((predicted) => at(one, first, actual, predicted) - at(two, second, actual, predicted)));
  return { labels, cells };
}

/** The share of all that were taken for what they are; null when there are none. */
export function accuracyOf({ counts }: Confusion): number | null {
  const all = counts.flat().reduce((sum, cell) => sum + cell, 0);
  const right = counts.reduce((sum, row, index) => sum + (row[index] ?? 0), 0);
  return all > 0 ? right / all : null;
}

/** What one cell says, and of how many; null when the matrix has no such labels. */
export function cellFacts({ labels, counts }: Confusion, actual: string, predicted: string): { count: number; ofActual: number; ofPredicted: number } | null {
  const [row, column] = [labels.indexOf(actual), labels.indexOf(predicted)];
  if (row < 0 || column < 0) return null;
  const sum = (numbers: readonly number[]) => numbers.reduce((total, number) => total + number, 0);
  return { count: counts[row]?.[column] ?? 0, ofActual: sum(counts[row] ?? []), ofPredicted: sum(counts.map((cells) => cells[column] ?? 0)) };
}
