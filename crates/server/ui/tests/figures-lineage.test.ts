/**
 * Figures of lineage: the graph of 5,000 things, from the address to a picture that can be used.
 *
 * Invariants: the store is made through the interface, by the calls that programs make; a picture can be used once it is
 * drawn and an arrow moves the choice on it. It asserts no times, and that all things are there. It runs with
 * MLTRACK_FIGURES=1.
 */
import type { Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";

import { newBrowser } from "./support/browser";
import { HOUR_MS, IS_WANTED, tell, TIMES } from "./support/figures";
import { Server } from "./support/server";

const THINGS = 5_000;
/** Each run takes in a version of a dataset, and makes a version of one and of a model. */
const RUNS = Math.ceil(THINGS / 3);
const AT_ONCE = 8;

let server: Server;

/** A pipeline: raw data, runs that clean it, and models that are trained on what was cleaned, over and over. */
async function pipeline(): Promise<void> {
  await server.call("POST", "/experiments", { name: "pipeline" });
  for (const name of ["raw", "clean"]) await server.call("POST", "/datasets", { name });
  await server.call("POST", "/models", { name: "model" });
  const version = (dataset: string, number: number, more: object) =>
    server.call("POST", `/datasets/${dataset}/versions`, { source: `s3://data/${dataset}/${number}`, digest: `sha256:${String(number).padStart(64, "0")}`, ...more });
  await version("raw", 1, {});
  const one = async (number: number): Promise<void> => {
    const { id: run } = await server.call<{ id: string }>("POST", "/runs", { experiment: "pipeline", name: `run-${number}` });
    // Some go on from what others made, most from the raw data.
    await server.call("POST", `/runs/${run}/inputs`, { dataset: number % 5 === 4 ? "clean@latest" : "raw@v1" });
    await version("clean", number + 2, { run });
    await server.call("POST", "/models/model/versions", { run, source: `s3://models/${number}` });
    await server.call("POST", `/runs/${run}/end`, {});
  };
  await one(0);
  let next = 1;
  const worker = async (): Promise<void> => {
    while (next < RUNS) await one((next += 1) - 1);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
}

beforeAll(async () => {
  if (!IS_WANTED) return;
  server = await Server.start({ store: "empty" });
  await pipeline();
}, HOUR_MS);
afterAll(() => server?.stop());

/** Notes when the picture is drawn first, in the clock that begins with the address. */
async function watched(page: Page): Promise<void> {
  await page.addInitScript(() => {
    const state = window as unknown as { drawn: number };
    state.drawn = 0;
    const look = (): void => {
      const drawn = Number(document.querySelector("canvas.lineage-canvas")?.getAttribute("data-drawn") ?? 0);
      if (drawn > 1) requestAnimationFrame(() => (state.drawn = performance.now()));
      else requestAnimationFrame(look);
    };
    requestAnimationFrame(look);
  });
}

interface Looked {
  ms: number;
  press: number;
  nodes: number;
}

async function looked(query: string): Promise<Looked> {
  const page = await (await newBrowser({ viewport: { width: 1440, height: 900 } })).newPage();
  await watched(page);
  await page.goto(`${server.url}/lineage?node=exp:pipeline${query}`);
  await page.waitForFunction(() => (window as unknown as { drawn: number }).drawn > 0);
  const canvas = page.locator("canvas.lineage-canvas");
  const nodes = Number(await canvas.getAttribute("data-nodes"));
  expect(await canvas.getAttribute("aria-label")).toMatch(/Graph of (5[,. ]?000|4[,. ]?99\d) things/);
  await canvas.focus();
  await page.evaluate(() => {
    const state = window as unknown as { pressed: Promise<number> };
    const address = location.href;
    state.pressed = new Promise((resolve) => {
      let begun = 0;
      addEventListener("keydown", () => (begun = performance.now()), { once: true, capture: true });
      const look = (): void => void (location.href === address ? requestAnimationFrame(look) : requestAnimationFrame(() => resolve(performance.now() - begun)));
      look();
    });
  });
  await page.keyboard.press("ArrowRight");
  const press = await page.evaluate(() => (window as unknown as { pressed: Promise<number> }).pressed);
  const ms = await page.evaluate(() => (window as unknown as { drawn: number }).drawn);
  await page.close();
  return { ms, press, nodes };
}

for (const [name, query] of [
  ["equal things put together", ""],
  ["every thing by itself", "&group=none"],
] as const) {
  test.runIf(IS_WANTED)(`lineage of ${THINGS} things, ${name}`, { timeout: HOUR_MS }, async () => {
    await looked(query);
    const rounds: Looked[] = [];
    for (let turn = 0; turn < TIMES; turn += 1) rounds.push(await looked(query));
    const what = `lineage of ${THINGS} things, ${name} (${rounds[0]?.nodes} drawn)`;
    tell(`${what}, address to picture`, rounds.map(({ ms }) => ms), "ms");
    tell(`${what}, arrow to the next thing`, rounds.map(({ press }) => press), "ms");
  });
}
