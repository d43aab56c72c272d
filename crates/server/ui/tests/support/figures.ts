/**
 * What tests that measure have in common.
 *
 * Invariants: they run with MLTRACK_FIGURES=1 only, and tell each number with the load of the machine beside it; stores
 * that were made for them are removed behind them.
 */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { loadavg, tmpdir } from "node:os";
import { join } from "node:path";

import type { CDPSession, Page } from "playwright-core";
import { afterAll } from "vitest";

import { command } from "./server";

/** Whether somebody wants to measure: with a program that is built for release. */
export const IS_WANTED = process.env["MLTRACK_FIGURES"] === "1";
/** How often each thing is measured. */
export const TIMES = 7;
export const HOUR_MS = 3_600_000;

const folders: string[] = [];
afterAll(() => folders.splice(0).forEach((folder) => rmSync(folder, { recursive: true, force: true })));

export const median = (numbers: readonly number[]): number => [...numbers].sort((a, b) => a - b)[numbers.length >> 1] ?? Number.NaN;

/** Prints a figure: the median, every round, and the load. */
export function tell(what: string, numbers: readonly number[], unit: string, digits = 0): void {
  const rounds = numbers.map((number) => number.toFixed(digits)).join(" ");
  console.log(`${what}: ${median(numbers).toFixed(digits)} ${unit} (${rounds}; load ${loadavg()[0]?.toFixed(1)})`);
}

/** The folder of a store that `mltrack demo --scale` makes; it is made once where MLTRACK_FIGURES_STORES says a place. */
export function scaledStore(scale: string): string {
  const place = process.env["MLTRACK_FIGURES_STORES"];
  const folder = place === undefined ? mkdtempSync(join(tmpdir(), "mltrack-figures-")) : join(place, scale.replaceAll(",", "-"));
  if (place === undefined) folders.push(folder);
  else if (existsSync(folder)) return folder;
  mkdirSync(folder, { recursive: true });
  command(join(folder, ".mltrack"), "demo", "--scale", scale, "--seed", "1");
  command(join(folder, ".mltrack"), "snapshot", "create");
  return folder;
}

/** The memory of its own that the process of the only tab has, in MB: its scripts, its document and its pictures. */
export async function tabOf(page: Page): Promise<number> {
  const browser = page.context().browser();
  const session = await browser?.newBrowserCDPSession();
  const told = await session?.send("SystemInfo.getProcessInfo");
  const tabs = told?.processInfo.filter(({ type }) => type === "renderer").map(({ id }) => id) ?? [];
  const sizes = tabs.map((id) => Number(/^RssAnon:\s+(\d+)/m.exec(readFileSync(`/proc/${id}/status`, "utf8"))?.[1] ?? Number.NaN) / 1_000);
  await session?.detach();
  return Math.max(...sizes);
}

/** Opens the tools that look into a page. */
export async function looking(page: Page): Promise<CDPSession> {
  const session = await page.context().newCDPSession(page);
  await session.send("Performance.enable");
  return session;
}

/** What the scripts of a page hold on to, in MB, once everything that nobody needs is thrown away. */
export async function heapOf(session: CDPSession): Promise<number> {
  await session.send("HeapProfiler.collectGarbage");
  const { metrics } = await session.send("Performance.getMetrics");
  return (metrics.find(({ name }) => name === "JSHeapUsedSize")?.value ?? 0) / 1e6;
}
