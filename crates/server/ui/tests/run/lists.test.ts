/** Lists of things. Invariant: none is cut off, thrown back or asked for more often than somebody scrolls. */
import type { Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";

import { makeRun, putFile, RIGHT_TO_LEFT, SCRIPT } from "./made";
import { expectComplaints, newBrowser, open } from "../support/browser";
import { Server } from "../support/server";

const MANY = 205;
const VERSIONS = 120;
const LAST = "last of all";
const WORDS = `${SCRIPT} ${RIGHT_TO_LEFT} ${"long".repeat(2_500)}`;
const LONG_NAME = `${SCRIPT} ${"n".repeat(190)}`.slice(0, 256);
let server: Server;
let run = "";
let before = 0;

beforeAll(async () => {
  server = await Server.start({ store: "empty" });
  await server.call("POST", "/experiments", { name: "shell" });
  run = (await makeRun(server, "maker", { rate: 0.1 }, [])).id;
  await putFile(server, run, "first.txt", "first");
  await server.call("POST", "/models", { name: "net" });
  const each = async (count: number, make: (number: number) => Promise<unknown>): Promise<void> => {
    for (let first = 1; first <= count; first += 12) {
      await Promise.all(Array.from({ length: Math.min(12, count - first + 1) }, (_, place) => make(first + place)));
    }
  };
  await each(MANY - 1, (number) => server.call("POST", "/datasets", { name: `many-${number}` }));
  await server.call("POST", "/datasets", { name: LAST });
  await each(VERSIONS, (number) => server.call("POST", "/models/net/versions", { source: `s3://models/${number}`, run }));
  await server.call("POST", "/experiments", { name: LONG_NAME, description: WORDS });
  for (const kind of ["datasets", "models"]) {
    await server.call("POST", `/${kind}`, { name: LONG_NAME, description: WORDS, tags: { [RIGHT_TO_LEFT]: WORDS } });
    const content = kind === "datasets" ? { files: { "rows.csv": `x\n${SCRIPT}\n` } } : { source: `s3://${"b".repeat(300)}` };
    await server.call("POST", `/${kind}/${encodeURIComponent(LONG_NAME)}/versions`, content);
  }
  before = (await server.call<{ lsn: number }>("GET", "/models/net")).lsn;
});
afterAll(() => server.stop());

const gridOf = (page: Page, name: string) => page.getByRole("grid", { name });
const rowsOf = async (page: Page, name: string) => Number(await gridOf(page, name).getAttribute("aria-rowcount")) - 1;

async function toTheEnd(page: Page, name: string): Promise<void> {
  await gridOf(page, name).getByRole("row").nth(1).focus();
  await page.keyboard.press("End");
}

test("a list is copied whole, also what nobody has scrolled to, and loading it can be given up", async () => {
  const page = await (await newBrowser({ permissions: ["clipboard-read", "clipboard-write"] })).newPage();
  await page.goto(`${server.url}/datasets`);
  await page.getByRole("link", { name: /^many-/ }).first().waitFor();
  const choose = async (): Promise<void> => {
    await page.getByRole("button", { name: "Copy the list as" }).click();
    await page.getByRole("menuitem", { name: "CSV" }).click();
  };
  await choose();
  await page.getByText(`CSV copied: ${MANY + 1} rows`).waitFor();
  const lines = (await page.evaluate(() => navigator.clipboard.readText())).trim().split("\n");
  expect(lines.filter((line) => line.startsWith("many-") || line.startsWith(LAST))).toHaveLength(MANY);
  await page.evaluate(() => navigator.clipboard.writeText("before"));
  let answer: () => void = () => undefined;
  const held = new Promise<void>((resolve) => (answer = resolve));
  await page.route("**/api/v1/datasets?*cursor=*", async (route) => {
    await held;
    await route.continue().catch(() => undefined);
  });
  await choose();
  await page.getByText(`CSV: 200 of ${MANY + 1} rows loaded`).waitFor();
  await page.getByRole("button", { name: "Cancel" }).click();
  await page.getByText("Nothing was copied").waitFor();
  answer();
  expect(await page.evaluate(() => navigator.clipboard.readText())).toBe("before");
});

test("a search goes through all of a long list, and is the address", async () => {
  const page = await open(`${server.url}/datasets`);
  await page.getByRole("link", { name: /^many-/ }).first().waitFor();
  await page.getByRole("searchbox", { name: "Find a dataset" }).fill("OF ALL");
  await page.getByRole("link", { name: LAST, exact: true }).waitFor();
  await page.getByText("1 dataset", { exact: true }).waitFor();
  await page.reload();
  await page.getByRole("link", { name: LAST, exact: true }).waitFor();
  await page.getByRole("searchbox", { name: "Find a dataset" }).fill("nothing has this");
  await page.getByRole("button", { name: "Show all" }).click();
  await page.getByRole("link", { name: /^many-/ }).first().waitFor();
});

test("a list that is loaded anew stays in sight where somebody has scrolled to", async () => {
  const page = await open(`${server.url}/datasets`);
  await toTheEnd(page, "Datasets");
  const last = page.getByRole("link", { name: LAST, exact: true });
  await last.waitFor();
  await page.locator(".shell-live[data-state=live]").waitFor();
  await gridOf(page, "Datasets").evaluate((grid) => {
    const watch = new MutationObserver(() => {
      const cells = [...grid.querySelectorAll("[role=gridcell]")];
      if (cells.some((cell) => cell.textContent === "…")) (globalThis as { blinked?: boolean }).blinked = true;
    });
    watch.observe(grid, { subtree: true, childList: true, characterData: true });
  });
  await server.call("POST", "/datasets", { name: "made meanwhile" });
  await expect.poll(() => rowsOf(page, "Datasets")).toBe(MANY + 2);
  expect(await page.evaluate(() => (globalThis as { blinked?: boolean }).blinked)).toBeUndefined();
  expect(await last.isVisible()).toBe(true);
});

test("a page that cannot be loaded is asked for once, until somebody tries again", async () => {
  expectComplaints(/status of 500/);
  const page = await open("about:blank");
  let asked = 0;
  await page.route(/datasets\?.*cursor=/, (route) => {
    asked += 1;
    return route.fulfill({ status: 500, json: { error: "the disk is away", code: "INTERNAL_ERROR", hint: null, request_id: "1" } });
  });
  await page.goto(`${server.url}/datasets`);
  await toTheEnd(page, "Datasets");
  await page.getByText("the disk is away").waitFor();
  for (const key of ["Home", "End", "Home", "End"]) await page.keyboard.press(key);
  expect(asked).toBe(1);
  await page.unroute(/datasets\?.*cursor=/);
  await page.getByRole("button", { name: "Try again" }).click();
  await page.getByText("the disk is away").waitFor({ state: "detached" });
  await toTheEnd(page, "Datasets");
  await page.getByRole("link", { name: LAST, exact: true }).waitFor();
});

test("a model has all its versions, however many, and one that is not there is told of", async () => {
  expectComplaints(/409/);
  const page = await open(`${server.url}/models/net?version=9999`);
  await page.getByText("There is no version 9999").waitFor();
  expect(await rowsOf(page, "Versions")).toBe(VERSIONS);
  await toTheEnd(page, "Versions");
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: "Version 1", exact: true }).waitFor();
  expect(new URL(page.url()).searchParams.get("version")).toBe("1");
});

test("what is made shows in every list at once, and never in the past that an address names", async () => {
  expectComplaints(/409/);
  // A page, its list, what is made, and what it says when that was not there yet.
  const pages: [string, string, string, string | RegExp][] = [
    ["/datasets?find=fresh", "Datasets", "fresh", /No dataset of \d+ has these letters/],
    ["/models?find=fresh", "Models", "fresh", "No model of 2 has these letters"],
    ["/artifacts", "Artifacts", "fresh.txt", "first.txt"],
    ["/?filter=fresh", "Experiments", "fresh", "No experiment is called that"],
    ["/models/net", "Versions", `v${VERSIONS + 1}`, `Version ${VERSIONS}`],
  ];
  const opened: Page[] = [];
  for (const [path] of pages) {
    const page = await open(server.url + path);
    await page.locator(".shell-live[data-state=live]").waitFor();
    opened.push(page);
  }
  await server.call("POST", "/datasets", { name: "fresh" });
  await server.call("POST", "/models", { name: "fresh" });
  await putFile(server, run, "fresh.txt", "new");
  await server.call("POST", "/experiments", { name: "fresh" });
  await server.call("POST", "/models/net/versions", { source: "s3://models/fresh", run });
  for (const [place, [path, grid, name, past]] of pages.entries()) {
    const page = opened[place] as Page;
    await gridOf(page, grid).getByText(name, { exact: true }).first().waitFor();
    await page.goto(`${server.url}${path}${path.includes("?") ? "&" : "?"}at=${before}`);
    await page.getByText(/^As of/).first().waitFor();
    await page.locator("main").getByText(past).first().waitFor();
    expect(await page.locator("main").getByText(name, { exact: true }).count(), path).toBe(0);
  }
});

test("a name that is taken is refused where it was typed, and is not lost", async () => {
  expectComplaints(/status of 4\d\d/);
  const page = await open(`${server.url}/models`);
  await page.getByRole("link", { name: "net", exact: true }).waitFor();
  await page.keyboard.press("n");
  const dialog = page.getByRole("dialog", { name: "New model" });
  await dialog.getByLabel("Name").fill("net");
  await page.keyboard.press("Enter");
  await dialog.getByRole("alert").waitFor();
  await dialog.getByLabel("Name").fill("another net");
  await page.keyboard.press("Enter");
  await dialog.waitFor({ state: "detached" });
  await page.getByRole("link", { name: "another net" }).waitFor();
});

test.each([360, 1_440])("names and words of any length and kind break no list and no page that is %i wide", async (width) => {
  expectComplaints(/409/);
  const page = await open("about:blank", { viewport: { width, height: 740 } });
  const one = encodeURIComponent(LONG_NAME);
  for (const path of ["/?filter=img", "/datasets?find=img", "/models?find=img", `/datasets/${one}`, `/models/${one}`, "/search?q=img"]) {
    await page.goto(server.url + path);
    await page.locator("main").getByText(SCRIPT).first().waitFor();
    expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth), path).toBeLessThanOrEqual(0);
    expect(await page.locator("main img").count(), path).toBe(0);
    expect(await page.evaluate(() => (globalThis as { bad?: number }).bad), path).toBeUndefined();
  }
});
