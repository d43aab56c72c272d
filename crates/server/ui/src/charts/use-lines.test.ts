/** Lines that go on. Invariant: what a chart holds has a bound, however long somebody looks. */
import { expect, test } from "vitest";

import type { Columns } from "../api/columns";
import type { Tick } from "../live/live";
import { lineOf, type Line } from "./line-model";
import { DEFAULTS } from "./options";
import { withTick } from "./use-lines";

const question = { runs: ["a"], metric: "loss", options: DEFAULTS, buckets: 500 };

function tick(from: number, count: number): Tick {
  const step = Array.from({ length: count }, (_, index) => from + index);
  const points = { run: "a", experiment: "e", metric: "loss", count, step_first: from, step, time_ms: step, value: step.map(() => 0.5) };
  return { lsn: from, points: [points], events: [] };
}

const begun = (): Line =>
  lineOf({ run: "a", metric: "loss", kind: "points", rows: 1, columns: { step: Float64Array.of(0), value: Float64Array.of(1) } } as Columns);

test("an hour of ten points a second is no larger than its first minutes", () => {
  let lines: readonly Line[] = [begun()];
  let most = 0;
  for (let second = 0; second < 3_600; second += 1) {
    const next = withTick(lines, tick(1 + second * 10, 10), question);
    if (next === "ask" || next === null) throw new Error(`nothing came of second ${second}`);
    lines = next;
    most = Math.max(most, lines[0]?.rows ?? 0);
  }
  const [line] = lines;
  expect(most).toBeLessThanOrEqual(1.25 * question.buckets + 10);
  expect(line?.rows).toBeGreaterThanOrEqual(0.75 * question.buckets);
  expect(line?.count.reduce((sum, count) => sum + count, 0)).toBe(36_001);
  // What is held is what is told, and nothing larger behind it.
  expect(line?.mean.buffer.byteLength).toBe(8 * (line?.rows ?? 0));
});
