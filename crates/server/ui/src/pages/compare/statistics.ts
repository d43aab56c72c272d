/**
 * The statistics of a comparison as rows and as words.
 *
 * Invariant: every number is the one that the server tells; here it is only arranged and rounded.
 */
import type { CompareAnswer, CompareTested } from "../../api/types";
import { significant } from "../../parts/number";
import { shellWord, type Grid } from "./export";

export const TESTS = [
  ["welch", "Welch's t: means, any spread"],
  ["t", "Student's t: means, equal spread"],
  ["paired", "paired t: pairs of equal seeds"],
  ["wilcoxon", "Wilcoxon rank-sum: by ranks"],
  ["signed-rank", "Wilcoxon signed-rank: pairs by ranks"],
  ["anova", "ANOVA: all groups at once"],
  ["kruskal", "Kruskal-Wallis: all groups by ranks"],
  ["bootstrap", "bootstrap: means by resamples"],
] as const;
export type TestName = (typeof TESTS)[number][0];

type Metric = CompareAnswer["metrics"][number];
type Result = Metric["groups"][number];
type Interval = Result["interval"];

/** A metric of one group against the baseline; of all groups at once where `group` is null. */
export interface StatisticsRow {
  readonly metric: string;
  readonly direction: "min" | "max" | null;
  /** Where the group is in the answer. */
  readonly group: number | null;
  readonly result: Result | null;
  readonly reference: Result | null;
  readonly tested: CompareTested | null;
}

/** Which runs stand for what, and how it is tested. */
export interface Question {
  readonly runs: readonly string[];
  readonly by: readonly string[];
  readonly test: TestName;
  readonly baseline: string;
  readonly alpha: number;
  readonly isAcross: boolean;
}

/** The rows of an answer: one for each metric and each group that is not the baseline. */
export function rowsOf(answer: CompareAnswer): readonly StatisticsRow[] {
  return answer.metrics.flatMap((metric) => {
    const base = { metric: metric.name, direction: metric.direction ?? null };
    const reference = metric.groups[answer.baseline] ?? null;
    const rows = metric.groups.map((result, group): StatisticsRow => ({ ...base, group, result, reference, tested: result.test ?? null }));
    const others = rows.filter((row) => row.group !== answer.baseline);
    if (!metric.test) return others;
    return [...others, { ...base, group: null, result: null, reference: null, tested: metric.test }];
  });
}

/** Mean and deviation: `0.93 ± 0.002`. */
export function meanText(result: Result | null): string {
  if (!result || result.mean === null || result.mean === undefined) return "–";
  const deviation = result.std === null || result.std === undefined ? "" : ` ± ${significant(result.std, 2)}`;
  return `${significant(result.mean, 5)}${deviation}`;
}

/** The ends of an interval: `95 % [0.1, 0.3]`. */
export function intervalText(interval: Interval): string {
  if (!interval) return "no interval";
  return `${significant(interval.level * 100, 4)} % [${significant(interval.low, 3)}, ${significant(interval.high, 3)}]`;
}

/** The p-value, or why there is none. */
export function verdictText(tested: CompareTested | null): string {
  if (!tested) return "";
  if (tested.found) return tested.found.significant ? "significant" : "not significant";
  return `no answer: ${tested.error ?? ""}`;
}

/** The difference of means with its interval. */
export function differenceText(row: StatisticsRow): string {
  const found = row.tested?.found?.difference;
  if (found) return `${significant(found.value, 3)}, ${intervalText(found.interval)}`;
  const difference = row.result?.difference;
  return difference === null || difference === undefined ? "" : significant(difference, 3);
}

/** The size of the effect with its interval: `Hedges' g 1.4, 95 % [0.1, 2.6]`. */
export function effectText(tested: CompareTested | null): string {
  const effect = tested?.found?.effect;
  return effect ? `${effect.name} ${significant(effect.value, 3)}, ${intervalText(effect.interval)}` : "";
}

/** How many values each side has. */
export function countText(row: StatisticsRow): string {
  if (row.tested?.found) return row.tested.found.n.join(" and ");
  return row.result && row.reference ? `${row.result.n} and ${row.reference.n}` : "";
}

/** What a group is called: its run, and how many it stands for. */
export function groupText(answer: CompareAnswer, group: number | null): string {
  if (group === null) return "all groups";
  const known = answer.groups[group];
  return known ? `${known.name} (n=${known.runs.length})` : "";
}

/** The rows as they are copied. */
export function gridOf(answer: CompareAnswer): Grid {
  const rows = rowsOf(answer).map((row) => {
    const found = row.tested?.found;
    return [
      row.metric,
      groupText(answer, row.group),
      countText(row),
      meanText(row.result),
      meanText(row.reference),
      differenceText(row),
      effectText(row.tested),
      found ? String(found.p) : "",
      found ? String(found.p_corrected) : "",
      found ? found.method : "",
      verdictText(row.tested),
    ];
  });
  return { header: ["metric", "group", "n", "mean", "baseline", "difference", "effect", "p", "p Holm", "method", "verdict"], rows };
}

/** The command that answers the same. */
export function commandOf(question: Question, at: string | null): string {
  const words = ["mltrack", "compare", ...question.runs.map(shellWord), "--by", shellWord(question.by.join(",")), "--test", question.test];
  words.push("--baseline", shellWord(question.baseline));
  if (question.alpha !== 0.05) words.push("--alpha", String(question.alpha));
  if (question.isAcross) words.push("--across");
  if (at !== null) words.push(`--at=${shellWord(at)}`);
  return words.join(" ");
}
