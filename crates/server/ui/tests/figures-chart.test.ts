/**
 * Figures of charts: one history of 10,000,000 points, and 50 runs that are drawn while they log.
 *
 * Invariants: it measures in the browser, from the question or the press to the frame that shows the answer; it asserts
 * no times, because a machine under load says nothing about the program. It runs with MLTRACK_FIGURES=1 and a program
 * that is built for release.
 */
import { readFileSync } from "node:fs";

import type { Page } from "playwright-core";
import { expect, test } from "vitest";

import { newBrowser } from "./support/browser";
import { HOUR_MS, IS_WANTED, scaledStore, tell, TIMES } from "./support/figures";
import { Server } from "./support/server";

/** Notes when histories are asked for, when the frame behind the answer is drawn, and the bytes of the answer. */
async function watched(page: Page): Promise<void> {
  await page.addInitScript(() => {
    const state = window as unknown as { drawn: { ms: number; bytes: number }[] };
    state.drawn = [];
    const plain = window.fetch.bind(window);
    window.fetch = async (...call) => {
      const begun = performance.now();
      const answer = await plain(...call);
      if (!String(call[0]).endsWith("/history")) return answer;
      const bytes = (await answer.clone().arrayBuffer()).byteLength;
      setTimeout(() => requestAnimationFrame(() => setTimeout(() => state.drawn.push({ ms: performance.now() - begun, bytes }), 0)), 0);
      return answer;
    };
  });
}

async function drawn(page: Page, count: number): Promise<{ ms: number; bytes: number }> {
  await page.waitForFunction((least) => (window as unknown as { drawn: unknown[] }).drawn.length >= least, count);
  return page.evaluate((at) => (window as unknown as { drawn: { ms: number; bytes: number }[] }).drawn[at - 1] ?? { ms: Number.NaN, bytes: 0 }, count);
}

/** The most memory that the server has of its own so far, in MB. */
function peakOf(server: Server): number {
  const told = readFileSync(`/proc/${server.pid}/status`, "utf8");
  return Number(/^VmHWM:\s+(\d+)/m.exec(told)?.[1] ?? Number.NaN) / 1_000;
}

/** How a chart is looked at, as the address has it. */
const LOOKS = [
  ["as it is", ""],
  ["smoothed", "s=0.9"],
  ["by wall time", "x=time"],
  ["by time since the start", "x=relative"],
  ["by time since the start, smoothed", "x=relative;s=0.9"],
] as const;

/** Opens a chart and zooms it, each time with a tab of its own. */
async function looked(server: Server, name: string, charts: string, panels: number): Promise<void> {
  const { items } = await server.call<{ items: { id: string }[] }>("GET", "/runs?limit=1");
  const query = new URLSearchParams({ tab: "charts", ...(charts === "" ? {} : { "run.charts": charts }) });
  const [opens, zooms]: [{ ms: number; bytes: number }[], { ms: number; bytes: number }[]] = [[], []];
  for (let turn = 0; turn <= TIMES; turn += 1) {
    const page = await (await newBrowser()).newPage();
    await watched(page);
    await page.goto(`${server.url}/runs/${items[0]?.id}?${query.toString()}`);
    const open = await drawn(page, 1);
    await page.locator(".chart-plot").first().focus();
    await page.keyboard.press("+");
    const zoom = await drawn(page, 2);
    // The first turn writes the columns that the others read.
    if (turn > 0) [opens.push(open), zooms.push(zoom)];
    await page.close();
  }
  tell(`${name}, open`, opens.map(({ ms }) => ms), "ms");
  tell(`${name}, zoom`, zooms.map(({ ms }) => ms), "ms");
  const bytes = [...opens, ...zooms].map((one) => one.bytes / 1024 / panels);
  tell(`${name}, answer for each panel`, bytes, "KiB");
  tell(`${name}, most memory of the server so far`, [peakOf(server)], "MB");
  expect(Math.max(...bytes)).toBeLessThanOrEqual(100);
}

test.runIf(IS_WANTED)("a chart of 10,000,000 points opens and zooms", { timeout: HOUR_MS }, async () => {
  const server = await Server.start({ store: scaledStore("runs=1,params=1,metrics=1,points=10000000") });
  for (const [look, charts] of LOOKS) await looked(server, `10,000,000 points, ${look}`, charts, 1);
  await server.stop();
});

test.runIf(IS_WANTED)("a chart of 10,000,000 points by another metric opens and zooms", { timeout: HOUR_MS }, async () => {
  const server = await Server.start({ store: scaledStore("runs=1,params=1,metrics=2,points=10000000") });
  const { items } = await server.call<{ items: { metrics: Record<string, unknown> }[] }>("GET", "/runs?limit=1&columns=metrics.*");
  const axis = encodeURIComponent(`metrics.${Object.keys(items[0]?.metrics ?? {})[0]}`);
  await looked(server, "two of 10,000,000 points by one of them", `x=${axis}`, 2);
  await looked(server, "two of 10,000,000 points by one of them, smoothed", `x=${axis};s=0.9`, 2);
  await server.stop();
});

test.runIf(IS_WANTED)("50 runs are drawn while they log 1,000 points a second", { timeout: HOUR_MS }, async () => {
  const server = await Server.start({ store: "empty" });
  const experiment = await server.call<{ id: number }>("POST", "/experiments", { name: "live" });
  const runs: string[] = [];
  const log = (step: number) =>
    Promise.all(runs.map((run) => server.call("POST", `/runs/${run}/log`, { points: Array.from({ length: 5 }, (_, at) => ({ metric: "loss", value: Math.random(), step: step + at })) })));
  for (let run = 0; run < 50; run += 1) runs.push((await server.call<{ id: string }>("POST", "/runs", { experiment: "live" })).id);
  await log(0);
  const page = await (await newBrowser()).newPage();
  await page.goto(`${server.url}/experiments/${experiment.id}?runs=${runs.join(",")}`);
  await page.locator(".chart-plot canvas").first().waitFor();
  await page.evaluate(() => {
    const state = window as unknown as { frames: number };
    state.frames = 0;
    const count = () => {
      state.frames += 1;
      requestAnimationFrame(count);
    };
    requestAnimationFrame(count);
  });
  const begun = Date.now();
  // 250 points each quarter of a second.
  for (let turn = 1; turn <= 40; turn += 1) {
    await log(turn * 5);
    await page.waitForTimeout(Math.max(0, begun + turn * 250 - Date.now()));
  }
  const seconds = (Date.now() - begun) / 1_000;
  const frames = await page.evaluate(() => (window as unknown as { frames: number }).frames);
  const delays: number[] = [];
  for (let turn = 0; turn < TIMES; turn += 1) {
    const at = Date.now();
    await server.call("POST", `/runs/${runs[0]}/log`, { points: [{ metric: "loss", value: 1_000 + turn, step: 1_000 + turn }] });
    await page.locator(".chart-summary", { hasText: `max ${1_000 + turn} at` }).waitFor({ state: "attached" });
    delays.push(Date.now() - at);
  }
  tell("50 runs live, frames a second", [frames / seconds], "frames");
  tell("50 runs live, appended to drawn", delays, "ms");
  await server.stop();
});
