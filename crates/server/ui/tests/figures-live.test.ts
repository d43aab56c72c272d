/**
 * Figures of a long day: what a tab holds on to while runs log for an hour.
 *
 * Invariants: ten runs log all the time, and another begins every half minute and ends with the next; the table and the
 * charts of their experiment are open and live; memory is looked at once everything that nobody needs is thrown away, for the
 * first time a minute after the beginning. It asserts that it does not grow by more than a tenth. It runs with
 * MLTRACK_FIGURES=1, for MLTRACK_FIGURES_LIVE_SECONDS, an hour unless said otherwise.
 */
import { loadavg } from "node:os";

import { afterAll, beforeAll, expect, test } from "vitest";

import { newBrowser } from "./support/browser";
import { heapOf, HOUR_MS, IS_WANTED, looking } from "./support/figures";
import { Server } from "./support/server";

const SECONDS = Number(process.env["MLTRACK_FIGURES_LIVE_SECONDS"] ?? 3_600);
const RUNS = 10;
const FIRST_SECOND = Math.min(60, SECONDS / 4);

let server: Server;
beforeAll(async () => {
  if (IS_WANTED) server = await Server.start({ store: "empty" });
});
afterAll(() => server?.stop());

const started = async (name: string): Promise<string> => (await server.call<{ id: string }>("POST", "/runs", { experiment: "live", name })).id;

/** Points of two metrics for a second of a run. */
function pointsOf(second: number): object[] {
  const steps = Array.from({ length: 10 }, (_, at) => second * 10 + at);
  return steps.flatMap((step) => [
    { metric: "loss", value: 1 / (1 + step / 1_000) + Math.random() / 10, step },
    { metric: "accuracy", value: 1 - 1 / (1 + step / 500) + Math.random() / 20, step },
  ]);
}

test.runIf(IS_WANTED)(`${SECONDS} seconds of live updates`, { timeout: SECONDS * 1_000 + HOUR_MS }, async () => {
  const experiment = await server.call<{ id: number }>("POST", "/experiments", { name: "live" });
  const runs: string[] = [];
  for (let run = 0; run < RUNS; run += 1) runs.push(await started(`run-${run}`));
  const log = (second: number) => Promise.all(runs.map((run) => server.call("POST", `/runs/${run}/log`, { points: pointsOf(second) })));
  let short = await started("run-0-short");
  await log(0);
  const page = await (await newBrowser({ viewport: { width: 1440, height: 900 } })).newPage();
  await page.goto(`${server.url}/experiments/${experiment.id}?runs=${runs.join(",")}`);
  await page.locator(".chart-plot canvas").first().waitFor();
  const session = await looking(page);
  const begun = Date.now();
  const heaps: number[] = [];
  for (let second = 1; second <= SECONDS; second += 1) {
    await log(second);
    if (second % 30 === 0) {
      await server.call("POST", `/runs/${short}/end`, {});
      short = await started(`run-${second}`);
    }
    if (second >= FIRST_SECOND && (second % 60 === 0 || second === SECONDS)) {
      heaps.push(await heapOf(session));
      console.log(`live for ${second} s: ${heaps.at(-1)?.toFixed(2)} MB; load ${loadavg()[0]?.toFixed(1)}`);
    }
    await page.waitForTimeout(Math.max(0, begun + second * 1_000 - Date.now()));
  }
  const growth = ((heaps.at(-1) ?? Number.NaN) / (heaps[0] ?? Number.NaN) - 1) * 100;
  console.log(`live for ${Math.round((Date.now() - begun) / 1_000)} s: the tab's memory grew by ${growth.toFixed(1)} %`);
  expect(growth).toBeLessThanOrEqual(10);
});
