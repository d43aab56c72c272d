/**
 * Which number of runs a chart is about: a parameter, or the last, smallest, largest or mean value of a metric.
 *
 * Invariant: a choice is a column as the interface names it.
 */
import type { Goal } from "./statistics";
import { numberOf, type ValuedRun } from "./run-values";

/** How a metric becomes one number. */
export const PARTS = [["", "last"], [".min", "smallest"], [".max", "largest"], [".mean", "mean"]] as const;

/** Metrics that are offered; more make a menu that nobody reads. */
const METRICS_MAX = 200;

/** The numbers that can be chosen, with their titles. */
export function numberChoices(metrics: readonly string[], params: readonly string[]): [string, string][] {
  const of = metrics.slice(0, METRICS_MAX).flatMap((metric) => PARTS.slice(0, 3).map(([part, word]): [string, string] => [`${metric}${part}`, `${metric.slice(0, 60)}, ${word}`]));
  return [...params.map((name): [string, string] => [`=${name}`, name.slice(0, 60)]), ...of];
}

/** The number of a run in a column. */
export function numberIn({ params, columns }: ValuedRun, column: string): number | null {
  return numberOf(column.startsWith("=") ? params[column.slice(1)] : columns[column]);
}

/** The parameters that are numbers in any run. */
export function numericParams(values: readonly ValuedRun[]): string[] {
  const names = new Set(values.flatMap(({ params }) => Object.keys(params).filter((name) => numberOf(params[name]) !== null)));
  return [...names].sort();
}

const MORE_IS_BETTER = /(acc|auc|f1|precision|recall|score|reward|bleu|rouge|iou|map|throughput|r2)/i;

/** What is better of a metric, by what its name is usually about, where nobody said. */
export function usualGoal(column: string): Goal {
  return MORE_IS_BETTER.test(column) ? "max" : "min";
}
