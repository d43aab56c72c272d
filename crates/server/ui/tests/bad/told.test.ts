/**
 * What the page tells of itself when something is not as it should be: an index behind its log, a clock that is wrong,
 * a stream that says nothing.
 *
 * Invariant: what is known is shown meanwhile, and what is wrong is said in numbers.
 */
import type { BrowserContext, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";

import { expectAccessible } from "../support/access";
import { newBrowser } from "../support/browser";
import { Server } from "../support/server";

let server: Server;
beforeAll(async () => {
  server = await Server.start();
});
afterAll(() => server?.stop());

const badge = (page: Page, state: string) => page.locator(`.shell-live[data-state=${state}]`);

/** A browser on a machine whose clock is wrong by so many seconds. */
async function withClock(seconds: number): Promise<BrowserContext> {
  const browser = await newBrowser();
  await browser.addInitScript((offset) => {
    const Right = Date;
    const now = (): number => Right.now() + offset;
    globalThis.Date = new Proxy(Right, {
      construct: (target, given, self) => Reflect.construct(target, given.length === 0 ? [now()] : given, self) as object,
      get: (target, name, self) => (name === "now" ? now : (Reflect.get(target, name, self) as unknown)),
    });
  }, seconds * 1000);
  return browser;
}

test("an index that is behind the log is told of with the numbers that it has", async () => {
  // A server folds what is new before it answers, so that a lag is never there for long: the answer is made up.
  const browser = await newBrowser();
  await browser.route("**/api/v1/log", async (route) => {
    const answer = await route.fetch();
    await route.fulfill({ response: answer, json: { ...(await answer.json()), index_lag: 1240 } });
  });
  const page = await browser.newPage();
  await page.goto(`${server.url}/`);
  await page.getByRole("status").getByText("The index is 1\u2009240 events behind").waitFor();
  await page.getByRole("link", { name: "digits", exact: true }).waitFor();
  expect(await page.locator("main [aria-busy=true]").count(), "no waiting over what is known").toBe(0);
  await page.goto(`${server.url}/log`);
  await page.locator(".log-facts").getByText("1\u2009240 records behind").waitFor();
  await expectAccessible(page);
  await browser.unroute("**/api/v1/log");
  await expect.poll(() => page.getByText("The index is").count(), { timeout: 20_000 }).toBe(0);
});

test("a server that has folded everything says that its index is up to date", async () => {
  for (let turn = 0; turn < 20; turn += 1) await server.call("POST", "/experiments", { name: `one of many ${turn}` });
  const { index_lag: lag } = await server.call<{ index_lag: number }>("GET", "/log");
  expect(lag).toBe(0);
});

for (const [name, seconds, words] of [
  ["ahead of", 7_200, "2 h 0 min ahead of the server's"],
  ["behind", -259_200, "3 d 0 h behind the server's"],
] as const) {
  test(`a clock ${name} the server's is told of, and ages are by the server's`, async () => {
    const page = await (await withClock(seconds)).newPage();
    await server.call("POST", "/experiments", { name: `fresh ${name}` });
    await page.goto(`${server.url}/`);
    const row = page.getByRole("row").filter({ hasText: `fresh ${name}` });
    await row.getByText("just now").waitFor();
    // The words are those of whole seconds, so the last unit may be one less.
    await expect.poll(() => page.locator(".shell-banner").allTextContents()).toEqual([expect.stringMatching(new RegExp(words.replace("2 h 0 min", "(2 h 0|1 h 59) min").replace("3 d 0 h", "(3 d 0|2 d 23) h")))]);
    await badge(page, "live").waitFor();
    await server.call("POST", "/experiments", { name: `told of ${name}` });
    await page.getByRole("link", { name: `told of ${name}` }).waitFor();
    await expectAccessible(page);
  });
}

test("a clock that is a few seconds off is not worth a word", async () => {
  const page = await (await withClock(20)).newPage();
  await page.goto(`${server.url}/`);
  // Whichever comes first: what other tests made is newer than the demonstration, and stands above it.
  await page.getByRole("grid", { name: "Experiments" }).getByRole("link").first().waitFor();
  await badge(page, "live").waitFor();
  expect(await page.locator(".shell-banner").count()).toBe(0);
});

test("a stream that is held back on its way is replaced by questions, two seconds apart", async () => {
  const browser = await newBrowser();
  const asked: number[] = [];
  // It is neither answered nor refused, as behind a proxy that keeps everything until the end.
  await browser.route("**/api/v1/events*", () => undefined);
  const page = await browser.newPage();
  page.on("request", (request) => {
    if (new URL(request.url()).pathname === "/api/v1/store") asked.push(performance.now());
  });
  await page.goto(`${server.url}/settings`);
  await badge(page, "polling").waitFor();
  const begun = asked.length;
  await expect.poll(() => asked.length - begun).toBeGreaterThan(3);
  // The shell asks every ten seconds besides.
  const gaps = asked.slice(begun).map((time, at, all) => time - (all[at - 1] ?? time)).slice(1);
  expect(Math.max(...gaps)).toBeGreaterThan(1_500);
  await browser.unrouteAll({ behavior: "ignoreErrors" });
});
