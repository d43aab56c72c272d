/**
 * Every page on a telephone, at 200 %, on a large screen, without motion, and in the colours of the system.
 *
 * Invariant: a page never scrolls sideways, and everything on it that can be used can be brought into its window.
 */
import type { BrowserContextOptions, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { newBrowser } from "../support/browser";
import { Server } from "../support/server";
import { everyPage, tooWide, visit, type Place } from "./pages";

let server: Server;
let places: readonly Place[] = [];
beforeAll(async () => {
  server = await Server.start();
  places = await everyPage(server);
});
afterAll(() => server?.stop());

/** What can be used, is shown, and cannot be brought into the window. */
function unreachable(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const usable = document.querySelectorAll<HTMLElement>("header a, header button, main a[href], main button, main input, main select, main textarea, main summary");
    const lost: string[] = [];
    for (const element of [...usable].slice(0, 300)) {
      if (!element.checkVisibility({ visibilityProperty: true }) || element.closest(".unseen, .shell-skip") !== null) continue;
      element.scrollIntoView({ block: "center", inline: "center" });
      const { left, right, top, bottom } = element.getBoundingClientRect();
      const isIn = (left + right) / 2 >= 0 && (left + right) / 2 <= innerWidth && (top + bottom) / 2 >= 0 && (top + bottom) / 2 <= innerHeight;
      if (!isIn) lost.push(`${element.tagName} ${element.className} ${(element.textContent ?? "").slice(0, 80)} at ${Math.round(left)}..${Math.round(right)}, ${Math.round(top)}..${Math.round(bottom)}`);
    }
    return lost;
  });
}

const SCREENS: readonly (readonly [string, BrowserContextOptions])[] = [
  ["a telephone", { viewport: { width: 360, height: 740 }, deviceScaleFactor: 2, hasTouch: true }],
  ["a page at 200 %", { viewport: { width: 640, height: 400 }, deviceScaleFactor: 2 }],
  ["a large screen", { viewport: { width: 3840, height: 2160 } }],
];

describe("every page fits", () => {
  for (const [name, options] of SCREENS) {
    for (const half of [0, 1]) {
      it(`${name}, the ${half === 0 ? "first" : "other"} half of them`, async () => {
        const page = await (await newBrowser(options)).newPage();
        for (const place of places.filter((_, index) => index % 2 === half)) {
          await visit(page, server, place);
          expect(await tooWide(page), `${place.name} on ${name}`).toBeLessThanOrEqual(0);
          expect(await unreachable(page), `${place.name} on ${name}`).toEqual([]);
        }
      }, 120_000);
    }
  }
});

describe("every page respects the system", () => {
  it("nothing moves where motion is not wanted", async () => {
    const page = await (await newBrowser({ reducedMotion: "reduce" })).newPage();
    for (const place of places) {
      await visit(page, server, place);
      await page.locator("main a, main button").first().hover();
      // What has no length is over when it begins.
      const moving = await page.evaluate(() => document.getAnimations().filter((each) => Number(each.effect?.getComputedTiming().duration ?? 0) > 1).length);
      expect(moving, place.name).toBe(0);
    }
    await page.keyboard.press("Control+k");
    await page.getByRole("dialog").waitFor();
    expect(await page.evaluate(() => document.getAnimations().length)).toBe(0);
  }, 120_000);

  it("what is chosen can be told by the colours of the system alone", async () => {
    const page = await (await newBrowser({ forcedColors: "active" })).newPage();
    const place = (name: string): Place => places.find((known) => known.name === name) ?? { name, path: "/", ready: "main" };
    const line = (selector: string): Promise<string> => page.locator(selector).first().evaluate((element) => getComputedStyle(element).outlineStyle);
    await visit(page, server, place("workspace"));
    await page.keyboard.press("j");
    await page.keyboard.press("x");
    await page.locator(".runs-row[aria-selected=true]").first().waitFor();
    expect(await line(".runs-row[aria-selected=true]")).toBe("dashed");
    await page.keyboard.press("Control+k");
    await page.getByRole("dialog").getByRole("option").nth(1).waitFor();
    expect(await line("[role=option][aria-selected=true]")).toBe("dashed");
    expect(await line("[role=option][aria-selected=false]")).toBe("none");
    await page.keyboard.press("Escape");
    const under = (selector: string): Promise<string> => page.locator(selector).first().evaluate((element) => getComputedStyle(element).borderBottomColor);
    const ground = await page.evaluate(() => getComputedStyle(document.body).backgroundColor);
    expect(await under(".shell-nav a[aria-current=page]")).not.toBe(ground);
    await visit(page, server, place("run, overview"));
    const tab = page.locator("[role=tab][aria-selected=true]");
    expect(await under("[role=tab][aria-selected=true]")).not.toBe(await under("[role=tab][aria-selected=false]"));
    await tab.focus();
    expect(await tab.evaluate((element) => getComputedStyle(element).outlineStyle)).not.toBe("none");
  });
});
