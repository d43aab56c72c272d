/** The table of runs. Invariant: what is shown is in the address, and everything is reached by keys. */
import type { Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";

import { expectAccessible } from "../support/access";
import { newBrowser, open } from "../support/browser";
import { Server } from "../support/server";
import { eight, experiment, names, run, waitForNames } from "./made";

let server: Server;
let made: { id: number; runs: string[] };
const address = (query = ""): string => `${server.url}/experiments/${made.id}${query}`;
const DOWN = ["run 8", "run 7", "run 6", "run 5", "run 4", "run 3", "run 2", "run 1"];
const UP = [...DOWN].reverse();

beforeAll(async () => {
  server = await Server.start({ store: "empty" });
  made = await eight(server, "resnet");
});
afterAll(() => server.stop());

test("it opens with the params that differ and the metrics, newest first, for everybody", async () => {
  const page = await open(address());
  await waitForNames(page, DOWN);
  await page.getByRole("columnheader", { name: "loss", exact: true }).waitFor();
  const heads = await page.getByRole("columnheader").allTextContents();
  for (const head of ["State", "Name", "Started", "Duration", "lr", "opt", "loss"]) expect(heads).toContain(head);
  expect(heads).not.toContain("seed");
  expect(await page.getByRole("grid").getAttribute("aria-rowcount")).toBe("9");
  await expectAccessible(page);
});

test("a head sorts, with shift beside another, and a step back takes it back", async () => {
  const page = await open(address());
  await waitForNames(page, DOWN);
  await page.getByRole("button", { name: "loss", exact: true }).click();
  await waitForNames(page, UP);
  expect(new URL(page.url()).searchParams.get("sort")).toBe("-loss");
  await page.getByRole("button", { name: "opt", exact: true }).click();
  await page.getByRole("button", { name: "loss" }).click({ modifiers: ["Shift"] });
  await waitForNames(page, ["run 2", "run 4", "run 6", "run 8", "run 1"]);
  await page.goBack();
  await page.goBack();
  await waitForNames(page, UP);
  await page.reload();
  await waitForNames(page, UP);
});

test("runs are selected by keys and by the pointer, in ranges too, and the address has them", async () => {
  const page = await open(address());
  await waitForNames(page, DOWN);
  await page.keyboard.press("j");
  await page.keyboard.press("x");
  await page.keyboard.press("j");
  await page.keyboard.press("j");
  await page.keyboard.press("Shift+X");
  await page.getByText("3 selected").waitFor();
  const chosen = new URL(page.url()).searchParams.get("runs")?.split(",");
  expect(chosen).toEqual([made.runs[6], made.runs[5], made.runs[4]]);
  await page.getByLabel("Select run 1", { exact: true }).click();
  await page.getByText("4 selected").waitFor();
  await page.keyboard.press("Escape");
  await page.getByText("selected").waitFor({ state: "detached" });
  await page.keyboard.press("k");
  await page.keyboard.press("Enter");
  await page.waitForURL(/\/runs\//);
});

test("a baseline is pinned, runs are hidden, and a comparison is begun by keys", async () => {
  const page = await open(address());
  await waitForNames(page, DOWN);
  await page.keyboard.press("p");
  await page.locator(".runs-baseline").waitFor();
  await page.keyboard.press("j");
  await page.keyboard.press("h");
  await waitForNames(page, DOWN.filter((name) => name !== "run 7"));
  await page.keyboard.press("x");
  await page.keyboard.press("c");
  await page.waitForURL(/\/compare\?/);
  const query = new URL(page.url()).searchParams;
  expect([query.get("baseline"), query.get("runs")]).toEqual([made.runs[7], `${made.runs[7]},${made.runs[5]}`]);
});

test("columns are found, added, moved, pinned and made wider by keys alone", async () => {
  const page = await open(address());
  await waitForNames(page, DOWN);
  const shown = (): string[] => new URL(page.url()).searchParams.get("columns")?.split(",") ?? [];
  await page.keyboard.press("v");
  await page.getByRole("searchbox", { name: /^Find among/ }).waitFor();
  await page.keyboard.type("seed");
  await page.keyboard.press("Enter");
  await expect.poll(() => shown().at(-1)).toBe(".seed");
  await expectAccessible(page);
  // The first empties the search, the second closes the dialog.
  await page.keyboard.press("Escape");
  await page.keyboard.press("Escape");
  await page.getByRole("dialog").waitFor({ state: "detached" });
  const head = page.getByRole("columnheader", { name: "Seed", exact: true });
  const width = async (): Promise<number> => (await head.boundingBox())?.width ?? 0;
  const before = await width();
  await head.getByRole("button").focus();
  await page.keyboard.press("Shift+ArrowRight");
  await expect.poll(width).toBe(before + 16);
  await head.getByRole("button").focus();
  await page.keyboard.press("Alt+ArrowLeft");
  await expect.poll(() => shown().at(-2)).toBe(".seed");
  await page.keyboard.press("v");
  await page.getByRole("button", { name: "Pin Seed" }).press("Enter");
  await expect.poll(() => new URL(page.url()).searchParams.get("fixed")).toBe("3");
  expect(shown()[2]).toBe(".seed");
});

test("of many rows those that are seen are asked for and drawn", { timeout: 180_000 }, async () => {
  const id = await experiment(server, "many");
  for (let at = 0; at < 260; at += 1) await server.call("POST", "/runs", { experiment: "many", name: `many ${at}` });
  const page = await (await newBrowser()).newPage();
  const asked: { offset?: number; limit: number; fields: string[] }[] = [];
  page.on("request", (request) => {
    if (request.url().endsWith("/runs/search")) asked.push(request.postDataJSON() as (typeof asked)[number]);
  });
  await page.goto(`${server.url}/experiments/${id}`);
  await waitForNames(page, ["many 259"]);
  expect(asked.every(({ offset }) => offset === undefined)).toBe(true);
  expect((await names(page)).length).toBeLessThan(60);
  await page.getByRole("grid").focus();
  await page.keyboard.press("End");
  await page.getByRole("link", { name: "many 0", exact: true }).waitFor();
  expect(asked.some(({ offset }) => offset === 200)).toBe(true);
  expect(asked.some(({ offset }) => offset === 100)).toBe(false);
  // A range has them all, also those that were never in sight.
  await page.keyboard.press("Home");
  await page.keyboard.press("x");
  await page.keyboard.press("End");
  await page.keyboard.press("Shift+X");
  await page.getByText("260 runs · 260 selected").waitFor();
  expect(new Set(new URL(page.url()).searchParams.get("runs")?.split(",")).size).toBe(260);
  expect(asked.filter(({ offset }) => offset === 100)).toMatchObject([{ limit: 100, fields: ["id"] }]);
});

test("new runs never move the row under the pointer, however many come and wherever it is", { timeout: 180_000 }, async () => {
  const id = await experiment(server, "coming");
  for (let at = 0; at < 36; at += 1) await server.call("POST", "/runs", { experiment: "coming", name: `old ${at}` });
  const page = await open(`${server.url}/experiments/${id}`);
  await waitForNames(page, ["old 35"]);
  await page.locator(".shell-live[data-state=live]").waitFor();
  await page.locator(".runs").evaluate((box) => box.scrollTo(0, 400));
  await expect.poll(() => page.locator(".runs").evaluate((box) => box.scrollTop)).toBeGreaterThan(200);
  const at = await page.getByRole("link", { name: "old 18", exact: true }).boundingBox();
  const [x, y] = [(at?.x ?? 0) + 8, (at?.y ?? 0) + (at?.height ?? 0) / 2];
  await page.mouse.move(x, y);
  // Every frame tells which run it has there.
  await page.evaluate(([left, top]) => {
    const seen = new Set<string>();
    (globalThis as unknown as { pointed: Set<string> }).pointed = seen;
    const look = (): void => {
      const row = document.elementFromPoint(left as number, top as number)?.closest(".runs-row");
      seen.add(row?.querySelector(".runs-name")?.lastChild?.textContent ?? "nothing");
      requestAnimationFrame(look);
    };
    look();
  }, [x, y]);
  for (let more = 1; more <= 12; more += 1) await run(server, "coming", `new ${more}`);
  const bar = page.getByRole("button", { name: "12 new runs · Show" });
  await bar.waitFor();
  await expectPointed(page, ["old 18"]);
  const top = await page.locator(".runs").evaluate((box) => box.scrollTop);
  await bar.press("Enter");
  await bar.waitFor({ state: "detached" });
  await expect.poll(() => page.getByRole("grid").getAttribute("aria-rowcount")).toBe("49");
  expect(await page.locator(".runs").evaluate((box) => box.scrollTop)).toBe(top);
  await page.locator(".runs").evaluate((box) => box.scrollTo(0, 0));
  await waitForNames(page, ["new 12", "new 11"]);
});

/** Expects that these runs, and no others, were under the pointer so far. */
async function expectPointed(page: Page, wanted: readonly string[]): Promise<void> {
  expect(await page.evaluate(() => [...(globalThis as unknown as { pointed: Set<string> }).pointed])).toEqual(wanted);
}

test("new runs wait behind a bar and values change in their places", async () => {
  const { id, runs } = await eight(server, "alive");
  const page = await open(`${server.url}/experiments/${id}`);
  await waitForNames(page, DOWN);
  await page.locator(".shell-live[data-state=live]").waitFor();
  await run(server, "alive", "run 9");
  await page.getByRole("button", { name: /1 new run · Show/ }).waitFor();
  await waitForNames(page, DOWN);
  await server.call("POST", `/runs/${runs[7]}/log`, { points: [{ metric: "loss", value: 0.125, step: 2 }] });
  await page.locator(".runs-row", { hasText: "run 8" }).getByText("0.125").waitFor();
  await page.getByRole("button", { name: /new run/ }).click();
  await waitForNames(page, ["run 9", ...DOWN]);
});

test("columns that come late bring no run with them", async () => {
  const { id } = await eight(server, "slow");
  const page = await (await newBrowser()).newPage();
  let release = (): void => undefined;
  const released = new Promise<void>((resolve) => { release = resolve; });
  await page.route("**/columns?*", async (route) => {
    await released;
    await route.continue();
  });
  await page.goto(`${server.url}/experiments/${id}`);
  await waitForNames(page, DOWN);
  await run(server, "slow", "run 9");
  await page.getByRole("button", { name: /1 new run · Show/ }).waitFor();
  release();
  await page.getByRole("columnheader", { name: "loss", exact: true }).waitFor();
  await page.locator(".runs-row", { hasText: "run 8" }).getByText("adam").waitFor();
  await waitForNames(page, DOWN);
  await page.getByRole("button", { name: /1 new run · Show/ }).waitFor();
});

test("names of any kind are texts and stay in their cells", async () => {
  const id = await experiment(server, "odd");
  const script = `<img src=x onerror="window.stolen=1"><script>window.stolen=1</script>`;
  await run(server, "odd", script, { [script]: script }, "NaN");
  await run(server, "odd", "شبكة عصبية 7 (abc)");
  await run(server, "odd", "n".repeat(256), { text: "t".repeat(10_000) });
  const page = await open(`${server.url}/experiments/${id}?sort=.created`);
  await page.getByRole("link", { name: script }).waitFor();
  await page.getByRole("link", { name: /شبكة/ }).waitFor();
  await page.getByText("NaN").first().waitFor();
  expect(await page.evaluate(() => (window as unknown as { stolen?: number }).stolen)).toBeUndefined();
  const heights = await page.locator(".runs-row").evaluateAll((rows) => rows.map((row) => row.getBoundingClientRect().height));
  expect(new Set(heights).size).toBe(1);
  await page.keyboard.press("v");
  await page.getByRole("searchbox", { name: /^Find among/ }).fill("img src");
  await page.getByRole("dialog").getByText("onerror").first().waitFor();
  expect(await page.evaluate(() => (window as unknown as { stolen?: number }).stolen)).toBeUndefined();
  await page.keyboard.press("Escape");
  await expectAccessible(page);
});

test("a small screen has all of it and is no wider", async () => {
  const page = await open(address(), { viewport: { width: 360, height: 740 } });
  await waitForNames(page, DOWN.slice(0, 3));
  expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBeLessThanOrEqual(0);
  await page.getByLabel("Select run 8", { exact: true }).click();
  await page.getByText("1 selected").waitFor();
  await expectAccessible(page);
});

test("a past moment shows the runs of then, and nothing of it is live", async () => {
  const then = await server.call<{ lsn: number }>("GET", "/runs?limit=1&experiment=resnet");
  const id = await experiment(server, "later");
  await run(server, "later", "not yet");
  const page = await open(`${address()}?at=${then.lsn}`);
  await waitForNames(page, DOWN);
  expect(id).toBeGreaterThan(made.id);
  await page.getByRole("button", { name: "past" }).waitFor();
});

test("an experiment without runs says how one is made here", async () => {
  const id = await experiment(server, "bare");
  const page = await open(`${server.url}/experiments/${id}`);
  await page.getByRole("heading", { name: "No run yet" }).waitFor();
  await page.getByText(/curl .*api\/v1\/runs/).waitFor();
  await expectAccessible(page);
});

test("the first rows do not wait for the names of all columns", async () => {
  const page = await open(address());
  await page.getByRole("columnheader", { name: "loss", exact: true }).waitFor();
  const asked = await page.evaluate(() => (performance.getEntriesByType("resource") as PerformanceResourceTiming[]).map(({ name, startTime, responseEnd }) => ({ name, startTime, responseEnd })));
  const rows = asked.find(({ name }) => name.endsWith("/runs/search"));
  const names = asked.find(({ name }) => name.includes("/columns?"));
  expect(names?.startTime).toBeGreaterThanOrEqual(rows?.responseEnd ?? Number.NaN);
});
