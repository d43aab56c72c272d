/**
 * Many panels, one question: what charts ask for within one frame goes to the server together.
 *
 * Invariants: only metrics that a panel on the screen wants are asked for; a panel gets its own lines and no others; one
 * that is gone takes nothing from the rest.
 */
import { histories, type HistoryQuestion } from "../api/columns";
import { asApiError } from "../api/resource";
import { lineOf, type Line } from "./line-model";
import type { ChartOptions } from "./options";

/** What a panel asks for. */
export interface LineQuestion {
  readonly runs: readonly string[];
  readonly metric: string;
  readonly options: ChartOptions;
  readonly buckets: number;
}

interface Waiting {
  readonly question: LineQuestion;
  readonly abort: AbortSignal;
  readonly resolve: (lines: Line[]) => void;
  readonly reject: (error: unknown) => void;
}

/** The name of a metric without its context, as the server is asked for it. */
export function bareName(metric: string): string {
  const at = metric.indexOf("{");
  return at > 0 && metric.endsWith("}") ? metric.slice(0, at) : metric;
}

/** A question about lines over an axis. */
type LineForm = HistoryQuestion & { x?: string; scale?: "log"; smoothing?: number; x_from?: number; x_to?: number; span?: number };

/** What only depends on how is looked, not at what: questions that agree in it can be one. */
function formOf({ runs, options, buckets }: LineQuestion): LineForm {
  const { x, xScale, smoothing, zoom } = options;
  const form: LineForm = { runs: [...runs], buckets };
  if (x === "step" && xScale === "linear" && smoothing === 0) {
    // Whole steps: a little more than is seen, so that lines go on to the edge.
    if (zoom !== null) {
      const room = (zoom.to - zoom.from) / Math.max(1, buckets) + 1;
      [form.from, form.to] = [Math.floor(zoom.from - room), Math.ceil(zoom.to + room)];
    }
    return form;
  }
  form.x = x;
  if (xScale === "log") form.scale = "log";
  if (smoothing > 0) form.smoothing = smoothing;
  if (zoom !== null) [form.x_from, form.x_to] = [zoom.from, zoom.to];
  return form;
}

let waiting: Waiting[] = [];

/** The lines of a metric, in the order of the runs; those without points are left out. */
export function askLines(question: LineQuestion, abort: AbortSignal): Promise<Line[]> {
  return new Promise((resolve, reject) => {
    waiting.push({ question, abort, resolve, reject });
    if (waiting.length === 1) setTimeout(send, 0);
  });
}

function send(): void {
  const taken = waiting.filter(({ abort }) => !abort.aborted);
  waiting = [];
  const batches = new Map<string, { form: LineForm; members: Waiting[] }>();
  for (const one of taken) {
    const form = formOf(one.question);
    const key = JSON.stringify(form);
    const batch = batches.get(key) ?? { form, members: [] };
    batch.members.push(one);
    batches.set(key, batch);
  }
  for (const { form, members } of batches.values()) void answer(form, members);
}

async function answer(form: LineForm, members: readonly Waiting[]): Promise<void> {
  const metrics = [...new Set(members.map(({ question }) => bareName(question.metric)))];
  const abort = new AbortController();
  let left = members.length;
  for (const member of members) {
    member.abort.addEventListener("abort", () => {
      left -= 1;
      if (left === 0) abort.abort();
    });
  }
  try {
    const found = await linesOf(form, metrics, abort.signal);
    for (const { question, resolve } of members) {
      const byRun = new Map(found.filter(({ metric }) => metric === question.metric).map((line) => [line.run, line]));
      resolve(question.runs.flatMap((run) => byRun.get(run) ?? []));
    }
  } catch (error) {
    for (const { reject } of members) reject(asApiError(error));
  }
}

/** The lines of an answer. Those that are smoothed are so over one length of axis: a short run no more than a long one. */
async function linesOf(form: LineForm, metrics: readonly string[], signal: AbortSignal): Promise<Line[]> {
  const ask = async (question: LineForm) => (await histories(question, { signal })).map(lineOf);
  if (form.smoothing === undefined || form.runs.length < 2) return ask({ ...form, metrics: [...metrics] });
  const whole = await ask({ runs: form.runs, metrics: [...metrics], x: form.x ?? "step", buckets: 1 });
  const questions = [...bySpan(whole)].map(([span, names]) => ask({ ...form, metrics: names, ...(span > 0 ? { span } : {}) }));
  return (await Promise.all(questions)).flat();
}

/** Metrics by the length of their longest line. */
export function bySpan(lines: readonly Line[]): Map<number, string[]> {
  const spans = new Map<string, number>();
  for (const { metric, rows, from, to } of lines) {
    const name = bareName(metric);
    const length = rows === 0 ? 0 : (to[rows - 1] as number) - (from[0] as number);
    spans.set(name, Math.max(length, spans.get(name) ?? 0));
  }
  const names = new Map<number, string[]>();
  for (const [name, span] of spans) names.set(span, [...(names.get(span) ?? []), name]);
  return names;
}
