/**
 * Whether everybody can use every page, in both themes, and whatever opens above it.
 *
 * Invariant: a page that is added to the routes is added to those that are looked at here.
 */
import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { expectAccessible } from "../support/access";
import { newBrowser, open } from "../support/browser";
import { Server } from "../support/server";
import { everyPage, visit, type Place } from "./pages";

let server: Server;
let places: readonly Place[] = [];
beforeAll(async () => {
  server = await Server.start();
  places = await everyPage(server);
});
afterAll(() => server?.stop());

const at = (name: string): Place => {
  const place = places.find((known) => known.name === name);
  if (place === undefined) throw new Error(`there is no page ${name}`);
  return place;
};

/** That each of the next elements that Tab reaches can be told from the others. */
async function expectFocusSeen(page: Page, presses: number): Promise<void> {
  for (let turn = 0; turn < presses; turn += 1) {
    await page.keyboard.press("Tab");
    const seen = await page.evaluate(() => {
      const element = document.activeElement;
      if (element === null || element === document.body) return null;
      const { outlineStyle, outlineWidth, boxShadow } = getComputedStyle(element);
      const { width, height } = element.getBoundingClientRect();
      const isMarked = (outlineStyle !== "none" && Number.parseFloat(outlineWidth) >= 1) || boxShadow !== "none";
      return { isSeen: isMarked && width > 0 && height > 0, what: `${element.tagName} ${element.className} ${element.textContent}`.slice(0, 160) };
    });
    if (seen === null) return;
    expect(seen.isSeen, `${page.url()}: ${seen.what}`).toBe(true);
  }
}

describe("every page", () => {
  const NAMES = [
    ["experiments", "workspace", "view"],
    ["run, overview", "run, charts", "run, system", "run, artifacts"],
    ["run, console", "run, environment", "run, lineage", "run, events"],
    ["no run", "compare", "artifacts", "artifact"],
    ["datasets", "dataset", "models", "model"],
    ["start of lineage", "lineage", "lineage as a list", "lineage as a time line"],
    ["analytics", "search", "settings"],
    ["log, events", "log, operations", "log, segments", "log, check"],
  ];

  it("is among those that are looked at", () => {
    expect(NAMES.flat().sort()).toEqual(places.map(({ name }) => name).sort());
  });

  for (const names of NAMES) {
    it(`can be used by everybody: ${names.join("; ")}`, async () => {
      const page = await (await newBrowser()).newPage();
      for (const name of names) {
        await visit(page, server, at(name));
        expect(await page.locator("main h1").count(), name).toBe(1);
        expect(await page.locator("header, nav[aria-label=Pages], main").count(), name).toBeGreaterThanOrEqual(3);
        await expectFocusSeen(page, 25);
        await expectAccessible(page);
      }
    }, 120_000);
  }
});

describe("what opens above a page", () => {
  it("can be used by everybody: the palette, the help, the keys that are changed", async () => {
    const page = await open(server.url);
    await page.getByRole("link", { name: "digits", exact: true }).waitFor();
    await page.keyboard.press("Control+k");
    await page.keyboard.type("di");
    await page.getByRole("dialog").getByRole("option").nth(1).waitFor();
    await expectAccessible(page);
    await page.keyboard.press("Escape");
    await page.keyboard.press("?");
    await page.getByRole("dialog").waitFor();
    await expectAccessible(page);
  });

  it("can be used by everybody: what changes runs, their columns and views", async () => {
    const page = await (await newBrowser()).newPage();
    await visit(page, server, at("workspace"));
    for (const name of ["Columns", "Views"]) {
      await page.locator(".workspace-tools").getByRole("button", { name, exact: true }).click();
      await page.getByRole("dialog").waitFor();
      await expectAccessible(page);
      await page.keyboard.press("Escape");
      await expect.poll(() => page.getByRole("dialog").count()).toBe(0);
    }
    await page.getByRole("button", { name: "Change", exact: true }).click();
    await page.getByRole("menu").waitFor();
    await expectAccessible(page);
    await page.keyboard.press("Escape");
    await page.keyboard.press("j");
    for (const key of ["e", "n", "r"]) {
      await page.keyboard.press(key);
      await page.getByRole("dialog").waitFor();
      await expectAccessible(page);
      await page.keyboard.press("Escape");
      await expect.poll(() => page.getByRole("dialog").count()).toBe(0);
    }
  }, 120_000);

  it("can be used by everybody: what is done to a run, and the forms of a copy", async () => {
    const page = await (await newBrowser()).newPage();
    await visit(page, server, at("run, overview"));
    for (const key of ["e", "n", "r"]) {
      await page.keyboard.press(key);
      await page.getByRole("dialog").waitFor();
      await expectAccessible(page);
      await page.keyboard.press("Escape");
      await expect.poll(() => page.getByRole("dialog").count()).toBe(0);
    }
    for (const name of ["More", "Copy as"]) {
      const button = page.locator(".run-head").getByRole("button", { name });
      if ((await button.count()) === 0) continue;
      await button.click();
      await page.getByRole("menu").waitFor();
      await expectAccessible(page);
      await page.keyboard.press("Escape");
    }
  });

  it("can be used by everybody: a record beside the log, the bar of what was done, the pages of a telephone", async () => {
    const page = await open(`${server.url}/log?record=2`, { viewport: { width: 360, height: 740 } });
    await page.locator(".log-json").waitFor();
    await page.getByRole("button", { name: "Pages", exact: true }).click();
    await page.getByRole("link", { name: "Settings" }).waitFor();
    await expectAccessible(page);
    await visit(page, server, at("run, overview"));
    await page.keyboard.press("e");
    await page.getByRole("textbox", { name: "Key" }).fill("looked-at");
    await page.keyboard.press("Enter");
    await page.locator(".shell-done-bar").waitFor();
    await expectAccessible(page);
  });
});
