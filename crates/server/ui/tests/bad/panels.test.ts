/**
 * Parts of pages that fail, one after the other: what each page asks for is answered by a failure.
 *
 * Invariant: what failed says so in its place, with its code, the number of the request, a way to copy both and a way to
 * try again; everything else on the page is there as before.
 */
import type { BrowserContext, Page, Request } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";

import { everyPage, visit, type Place } from "../quality/pages";
import { expectComplaints, newBrowser } from "../support/browser";
import { Server } from "../support/server";

const [CODE, REQUEST] = ["TEST_FAILED", "request-7f"];
/** What is around every page, and has its own tests. */
const SHELL = /^\/(store|log|preferences|events)$/;
/** What all of a page is made of: without it there is nothing else to show. */
const WHOLE: readonly (readonly [RegExp, RegExp])[] = [
  [/^run,/, /^GET \/runs\/\*$/],
  [/^run, environment/, /environment$/],
  [/^run, lineage/, /lineage/],
  [/^artifact$/, /^GET \/artifacts\/\*$/],
  [/^(dataset|model)$/, /^GET \/(datasets|models)\/\*$/],
  [/^lineage/, /lineage/],
  [/^analytics/, /activity$/],
  [/^view/, /^GET \/views/],
];
/** Asked for in the background, for what happens later: no part of the page is made of it. */
const NO_PART: readonly (readonly [RegExp, RegExp])[] = [
  [/^(workspace|view)$/, /^GET \/runs$/],
  // The goal is a part of the overview.
  [/^run, (?!overview)/, /^GET \/experiments\/\*$/],
];
/** Parts that are made of one answer each. */
const OWN: Readonly<Record<string, string>> = { "GET /experiments/*": "Goal of the experiment" };

let server: Server;
let places: readonly Place[];
beforeAll(async () => {
  server = await Server.start();
  places = await everyPage(server);
});
afterAll(() => server?.stop());

/** A question by its method and its path, whatever it is about. */
function routeOf(request: Request): string {
  const [first, , ...rest] = new URL(request.url()).pathname.replace("/api/v1/", "").split("/");
  const isOfOne = new URL(request.url()).pathname.replace("/api/v1/", "").includes("/");
  return `${request.method()} /${first}${isOfOne ? `/*${rest.map((part) => `/${part}`).join("")}` : ""}`;
}

const isOf = (table: readonly (readonly [RegExp, RegExp])[], place: Place, route: string): boolean =>
  table.some(([name, path]) => name.test(place.name) && path.test(route));

/** What a page asks for while it is opened, and its parts. */
async function healthy(context: BrowserContext, place: Place): Promise<{ routes: string[]; parts: string[] }> {
  const page = await context.newPage();
  const routes = new Set<string>();
  page.on("request", (request) => request.url().includes("/api/v1/") && routes.add(routeOf(request)));
  await visit(page, server, place);
  await page.waitForLoadState("networkidle", { timeout: 1_500 }).catch(() => undefined);
  const parts = await partsOf(page);
  await page.close();
  return { routes: [...routes].filter((route) => !SHELL.test(route.split(" ")[1] ?? "") && !isOf(NO_PART, place, route)), parts };
}

function partsOf(page: Page): Promise<string[]> {
  return page.locator("main section[aria-label]").evaluateAll((all) => all.map((part) => part.getAttribute("aria-label") ?? ""));
}

/** Everything that says that it failed, with the names of what can be pressed. */
function failuresOf(page: Page): Promise<{ text: string; buttons: string[] }[]> {
  return page.locator("main .failure, main .failure-mark").evaluateAll((all) =>
    all.map((one) => ({
      text: one.textContent ?? "",
      // A mark is a button itself, and its press tells all of it.
      buttons: one.matches("button") ? ["Try again", "Copy"] : [...one.querySelectorAll("button")].map((button) => button.textContent ?? ""),
    })),
  );
}

async function expectAlone(context: BrowserContext, place: Place, route: string, parts: readonly string[]): Promise<void> {
  const page = await context.newPage();
  const what = `${place.name}, ${route}`;
  let isBroken = true;
  await page.route("**/api/v1/**", async (asked) => {
    if (!isBroken || routeOf(asked.request()) !== route) return asked.continue();
    const json = { error: "it broke on purpose", code: CODE, hint: null, request_id: REQUEST };
    return asked.fulfill({ status: 500, headers: { "x-request-id": REQUEST }, json });
  });
  await page.goto(server.url + place.path);
  await expect.poll(async () => (await failuresOf(page)).length, { message: `${what}: it says so` }).toBeGreaterThan(0);
  for (const { text, buttons } of await failuresOf(page)) {
    expect(text, what).toContain(CODE);
    expect(text, what).toContain(REQUEST);
    expect(buttons, what).toEqual(["Try again", "Copy"]);
  }
  expect(await page.getByRole("navigation").count(), what).toBeGreaterThan(0);
  if (!isOf(WHOLE, place, route)) {
    const expected = parts.filter((part) => part !== OWN[route]);
    const missing = async (): Promise<string[]> => {
      const shown = new Set(await partsOf(page));
      return expected.filter((part) => !shown.has(part));
    };
    await expect.poll(missing, { message: `${what}: the rest` }).toEqual([]);
  }
  isBroken = false;
  await expect
    .poll(async () => {
      const again = page.locator("main").getByRole("button", { name: /Try again/ }).first();
      if ((await again.count()) > 0) await again.click({ timeout: 1_000 }).catch(() => undefined);
      return (await failuresOf(page)).length;
    }, { message: `${what}: it comes back` })
    .toBe(0);
  await page.close();
}

// The comparison asks for each of its runs, and has tests of its own for those that are missing.
test.each([[/^(experiments|workspace|view|search)$/], [/^run, (overview|charts|system|artifacts)/], [/^run, (console|environment|lineage|events)/], [/^(artifact|dataset|model)s?$/], [/^(start of )?lineage|^analytics/], [/^log/]])(
  "a part that fails leaves the rest: %s",
  async (names) => {
    expectComplaints(/status of 500/);
    const context = await newBrowser();
    let count = 0;
    for (const place of places.filter(({ name }) => names.test(name))) {
      const { routes, parts } = await healthy(context, place);
      for (const route of routes) {
        await expectAlone(context, place, route, parts);
        count += 1;
      }
    }
    expect(count).toBeGreaterThan(2);
  },
  300_000,
);
