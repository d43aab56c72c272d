/**
 * Figures of the table on a large store: `mltrack demo --scale runs=100000,params=20,metrics=10,points=2,columns=1000,experiments=1`.
 *
 * Invariants: it measures what a person waits for, in the browser, from the press to the frame that shows the answer; it
 * asserts no times, because a machine under load says nothing about the program. It runs with MLTRACK_FIGURES=1 and a
 * program that is built for release; MLTRACK_FIGURES_STORES names a folder where the store is kept for the next time.
 */
import { loadavg } from "node:os";

import type { Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";

import { expectComplaints, newBrowser } from "./support/browser";
import { heapOf, HOUR_MS, IS_WANTED, looking, scaledStore, tabOf, tell, TIMES } from "./support/figures";
import { Server } from "./support/server";

const SCALE = process.env["MLTRACK_FIGURES_SCALE"] ?? "runs=100000,params=20,metrics=10,points=2,columns=1000,experiments=1";

let server: Server;
let id = 0;

beforeAll(async () => {
  if (!IS_WANTED) return;
  server = await Server.start({ store: scaledStore(SCALE) });
  const { items } = await server.call<{ items: { id: number; runs: number }[] }>("GET", "/experiments?sort=-runs&limit=1");
  id = items[0]?.id ?? 0;
}, HOUR_MS);

afterAll(() => server?.stop());

/** From now until there are other rows, and the frame after it, as the browser's clock has it. */
async function untilRows(page: Page, act: () => Promise<void>): Promise<number> {
  await page.evaluate(() => {
    // Which run is first, and how many there are.
    const first = (): string => {
      const row = document.querySelector('.runs-row[aria-rowindex="2"]');
      return `${row?.getAttribute("data-run")} ${row?.closest("[aria-rowcount]")?.getAttribute("aria-rowcount")}`;
    };
    const before = first();
    const state = window as unknown as { waited: Promise<number>; begun: number };
    addEventListener("keydown", () => (state.begun = performance.now()), { once: true, capture: true });
    addEventListener("pointerdown", () => (state.begun = performance.now()), { once: true, capture: true });
    state.waited = new Promise((resolve) => {
      const look = (): void => {
        if (first() !== before) requestAnimationFrame(() => resolve(performance.now() - state.begun));
        else requestAnimationFrame(look);
      };
      look();
    });
  });
  await act();
  return page.evaluate(() => (window as unknown as { waited: Promise<number> }).waited);
}

/** Columns that are sorted by: seen at once, whichever those are that an experiment is opened with. */
const SORTED = `columns=${encodeURIComponent(".state,.name,=lr,train/loss,=model")}`;

/** A page whose first readable row is timed from the beginning of its address. */
async function opened(query = ""): Promise<{ page: Page; ms: number }> {
  const context = await newBrowser({ viewport: { width: 1440, height: 900 } });
  const page = await context.newPage();
  await page.addInitScript(() => {
    const look = (): void => {
      const row = document.querySelector(".runs-row .runs-name");
      if (row !== null) requestAnimationFrame(() => ((window as unknown as { read: number }).read = performance.now()));
      else requestAnimationFrame(look);
    };
    look();
  });
  await page.goto(`${server.url}/experiments/${id}?${query}`);
  await page.waitForFunction(() => (window as unknown as { read?: number }).read !== undefined);
  return { page, ms: await page.evaluate(() => (window as unknown as { read: number }).read) };
}

test.skipIf(!IS_WANTED)("address to readable rows, filter, sort", { timeout: HOUR_MS }, async () => {
  expectComplaints(/status of 400/);
  await opened();
  const times: number[] = [];
  for (let turn = 0; turn < TIMES; turn += 1) times.push((await opened()).ms);
  tell("address to readable rows", times, "ms");
  const { page } = await opened(SORTED);
  await page.getByRole("columnheader", { name: "lr", exact: true }).waitFor();
  const box = page.getByRole("combobox", { name: "Filter" });
  const filters: number[] = [];
  for (let turn = 0; turn < TIMES; turn += 1) {
    await box.fill(`params.lr < 0.00${turn + 1}`);
    await page.keyboard.press("Enter");
    await expect.poll(() => page.getByRole("grid").getAttribute("aria-busy")).toBe("false");
    filters.push(await untilRows(page, () => box.press("5")));
  }
  tell("keystroke in the filter to new rows", filters, "ms");
  await box.fill("");
  await page.keyboard.press("Escape");
  await expect.poll(() => page.getByRole("grid").getAttribute("aria-busy")).toBe("false");
  const sorts: number[] = [];
  for (const column of ["lr", "train/loss", "model", "lr", "train/loss", "model", "Name"]) {
    const head = page.getByRole("button", { name: column, exact: true });
    sorts.push(await untilRows(page, () => head.click()));
    await expect.poll(() => page.getByRole("grid").getAttribute("aria-busy")).toBe("false");
  }
  tell("sort to new rows", sorts, "ms");
});

test.skipIf(!IS_WANTED)("ten seconds of scrolling", { timeout: HOUR_MS }, async () => {
  const { page } = await opened();
  await page.getByRole("columnheader", { name: "dropout", exact: true }).waitFor();
  const session = await looking(page);
  const before = await heapOf(session);
  const frames = await page.evaluate(async () => {
    const grid = document.querySelector(".runs") as HTMLElement;
    const times: number[] = [];
    const begun = performance.now();
    let last = begun;
    await new Promise<void>((resolve) => {
      const step = (now: number): void => {
        times.push(now - last);
        last = now;
        // Two screens a second at first, in the end through everything.
        const part = (now - begun) / 10_000;
        grid.scrollTop += 30 + part * part * 6_000;
        if (now - begun < 10_000) requestAnimationFrame(step);
        else resolve();
      };
      requestAnimationFrame(step);
    });
    return times.slice(2);
  });
  const sorted = [...frames].sort((a, b) => b - a);
  console.log(
    `scrolling 10 s: ${frames.length} frames, longest ${sorted.slice(0, 5).map((ms) => Math.round(ms)).join(" ")} ms, ` +
      `${frames.filter((ms) => ms > 50).length} over 50 ms; load ${loadavg()[0]?.toFixed(1)}`,
  );
  console.log(`memory of the tab's scripts: ${before.toFixed(1)} MB before, ${(await heapOf(session)).toFixed(1)} MB behind it`);
  console.log(`memory of the tab's process: ${(await tabOf(page)).toFixed(0)} MB behind it`);
});

test.skipIf(!IS_WANTED)("names of columns, and runs by their ids", { timeout: HOUR_MS }, async () => {
  const { items } = await server.call<{ items: { id: string }[] }>("GET", `/runs?experiment=${id}&limit=200&fields=id`);
  const filter = `id in (${items.map((run) => `'${run.id}'`).join(", ")})`;
  const [columns, chosen]: [number[], number[]] = [[], []];
  const timed = async (times: number[], ask: () => Promise<unknown>): Promise<void> => {
    const begun = performance.now();
    await ask();
    times.push(performance.now() - begun);
  };
  for (let turn = 0; turn <= TIMES; turn += 1) {
    await timed(columns, () => server.call("GET", `/columns?experiment=${id}`));
    await timed(chosen, () => server.call("GET", `/runs?experiment=${id}&limit=200&filter=${encodeURIComponent(filter)}`));
  }
  tell("the names of 1,000 columns of 100,000 runs, as an answer", columns.slice(1), "ms", 1);
  tell(`${items.length} runs of 100,000 by their ids, as an answer`, chosen.slice(1), "ms", 1);
});
