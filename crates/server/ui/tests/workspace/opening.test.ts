/** Opening and scrolling a table. Invariant: rows wait for nothing that is not needed to read them. */
import { afterAll, beforeAll, expect, test } from "vitest";

import { newBrowser } from "../support/browser";
import { Server } from "../support/server";

const RUNS = 420;
let server: Server;
let id: number;
beforeAll(async () => {
  server = await Server.start({ store: "empty" });
  id = (await server.call<{ id: number }>("POST", "/experiments", { name: "many" })).id;
  for (let from = 0; from < RUNS; from += 20) {
    const names = Array.from({ length: 20 }, (_, at) => `run ${from + at}`);
    await Promise.all(names.map((name) => server.call("POST", "/runs", { experiment: "many", name })));
  }
});
afterAll(() => server?.stop());

test("the first rows are asked for once, and what can wait waits for them", async () => {
  const page = await (await newBrowser()).newPage();
  const asked: string[] = [];
  let answer: () => void = () => undefined;
  const held = new Promise<void>((resolve) => (answer = resolve));
  page.on("request", (request) => asked.push(new URL(request.url()).pathname.replace("/api/v1", "") + new URL(request.url()).search));
  await page.route("**/api/v1/runs/search", async (route) => {
    await held;
    await route.continue();
  });
  await page.goto(`${server.url}/experiments/${id}`);
  await page.getByRole("heading", { name: "many", level: 1 }).waitFor();
  await page.locator(".shell-live[data-state=live]").waitFor();
  expect(asked.filter((path) => path === "/runs/search")).toHaveLength(1);
  expect(asked.filter((path) => path.startsWith("/columns") || path.startsWith("/runs?"))).toEqual([]);
  // As soon as the program of the page is there, and not once what is around them is drawn.
  expect(asked.indexOf("/runs/search")).toBeLessThan(asked.lastIndexOf(`/experiments/${id}`));
  answer();
  await page.locator(".runs-row .runs-name").first().waitFor();
  await expect.poll(() => asked.some((path) => path.startsWith("/columns"))).toBe(true);
  await expect.poll(() => asked.some((path) => path.startsWith("/runs?"))).toBe(true);
});

test("a row whose run is not there yet shows none of the run before it", async () => {
  const page = await (await newBrowser()).newPage();
  await page.goto(`${server.url}/experiments/${id}`);
  const rows = page.locator(".runs-row[aria-rowindex] .runs-name");
  await rows.first().waitFor();
  await page.locator(".shell-live[data-state=live]").waitFor();
  let answer: () => void = () => undefined;
  const held = new Promise<void>((resolve) => (answer = resolve));
  await page.route("**/api/v1/runs/search", async (route) => {
    await held;
    await route.continue();
  });
  await page.locator(".runs").evaluate((grid) => (grid.scrollTop = grid.scrollHeight));
  await page.locator(".runs-empty").first().waitFor();
  expect(await page.locator(".runs-empty .runs-cell").count()).toBe(0);
  expect(await page.locator(".runs-empty[data-run], .runs-empty[aria-selected]").count()).toBe(0);
  answer();
  await expect.poll(() => page.locator(".runs-empty").count()).toBe(0);
  const shown = await rows.allTextContents();
  expect(new Set(shown).size).toBe(shown.length);
  await page.getByRole("link", { name: /^run \d+$/ }).first().waitFor();
});
