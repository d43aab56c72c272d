/** What is around every page. Invariant: everything is reached by the keyboard alone. */
import { afterAll, beforeAll, expect, test } from "vitest";

import { expectAccessible } from "../support/access";
import { newBrowser, open } from "../support/browser";
import { Server } from "../support/server";

let server: Server;
beforeAll(async () => {
  server = await Server.start();
});
afterAll(() => server.stop());

const ready = ".shell-head";

test("every page opens at its address, with a title of its own, and can be used by everybody", async () => {
  const page = await open(server.url);
  for (const path of ["/", "/search?q=loss", "/settings"]) {
    await page.goto(server.url + path);
    await page.waitForSelector("main h1");
    await page.waitForLoadState("load");
    expect(await page.title()).toContain("mltrack");
    await expectAccessible(page);
  }
});

test("an address that is no page says so and leads back", async () => {
  const page = await open(`${server.url}/`);
  await page.waitForSelector(ready);
  await page.evaluate(() => {
    history.pushState(null, "", "/nowhere");
    dispatchEvent(new PopStateEvent("popstate"));
  });
  await page.getByRole("heading", { name: "There is no such page" }).waitFor();
  await page.getByRole("link", { name: "All experiments" }).click();
  await page.getByRole("heading", { name: "Experiments" }).waitFor();
});

test("keys lead to pages, are off while somebody types, and can be given to others", async () => {
  const page = await open(`${server.url}/`);
  await page.getByRole("link", { name: "digits", exact: true }).waitFor();
  await page.keyboard.press("g");
  await page.keyboard.press("s");
  await page.getByRole("heading", { name: "Settings", level: 1 }).waitFor();
  expect(new URL(page.url()).pathname).toBe("/settings");
  await page.keyboard.press("Control+k");
  await page.keyboard.type("g e ? u");
  expect(await page.getByRole("combobox", { name: /Search everything/ }).inputValue()).toBe("g e ? u");
  expect(new URL(page.url()).pathname).toBe("/settings");
  await page.keyboard.press("Escape");
  await page.keyboard.press("?");
  await page.getByRole("dialog", { name: "Keys of this page" }).waitFor();
  await expectAccessible(page);
  await page.keyboard.press("Escape");
  await page.getByRole("button", { name: "Change the keys of: Go to Log" }).click();
  await page.keyboard.press("b");
  await page.keyboard.press("Enter");
  await page.keyboard.press("b");
  await page.waitForURL("**/log");
});

test("the palette finds things of the store and what can be done, by the keyboard alone", async () => {
  const page = await open(`${server.url}/`);
  await page.waitForSelector(ready);
  await page.keyboard.press("Control+k");
  await page.keyboard.type("digits");
  await page.getByRole("option", { name: /digits.*experiment/ }).first().waitFor();
  await expectAccessible(page);
  await page.keyboard.press("Enter");
  await page.waitForURL("**/experiments/*");
  await page.keyboard.press("Control+k");
  await page.keyboard.type("light or");
  await page.keyboard.press("Enter");
  await page.waitForSelector("html[data-theme=dark]");
});

test("what is chosen in one tab counts in the others, and on the server for the next browser", async () => {
  const browser = await newBrowser();
  const [one, other] = [await browser.newPage(), await browser.newPage()];
  await Promise.all([one.goto(`${server.url}/settings`), other.goto(`${server.url}/`)]);
  await other.waitForSelector(ready);
  await one.getByLabel("Theme").selectOption("dark");
  await one.getByLabel("Density").selectOption("compact");
  await other.waitForSelector("html[data-theme=dark][data-density=compact]");
  await one.getByText("Kept on the server").waitFor();
  const elsewhere = await open(`${server.url}/`);
  await elsewhere.waitForSelector("html[data-theme=dark][data-density=compact]");
  await one.getByLabel("Theme").selectOption("system");
  await one.getByLabel("Density").selectOption("normal");
  await other.waitForSelector("html[data-theme=light][data-density=normal]");
});

test("a past moment is named, goes along to other pages, and is left by one press", async () => {
  const page = await open(`${server.url}/?at=5`);
  await page.getByText("As of lsn 5").waitFor();
  await page.getByRole("button", { name: "past" }).waitFor();
  await page.getByRole("link", { name: "Log", exact: true }).click();
  await page.waitForURL("**/log?at=5");
  await page.getByRole("button", { name: "Back to now" }).click();
  await page.waitForURL((url) => url.search === "");
  await page.goBack();
  await page.waitForURL("**/log?at=5");
});

test("nothing is wider than a small screen, nor than a page at 200 %", async () => {
  for (const [width, height] of [[360, 740], [640, 400]] as const) {
    const page = await open(`${server.url}/`, { viewport: { width, height } });
    for (const path of ["/", "/settings", "/search?q=loss"]) {
      await page.goto(server.url + path);
      await page.waitForSelector("main h1");
      const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
      expect(wide, `${path} at ${width}`).toBeLessThanOrEqual(0);
    }
    await page.getByRole("button", { name: "Pages" }).click();
    await page.getByRole("link", { name: "Log", exact: true }).click();
    await page.waitForURL("**/log");
  }
});

test("the program of a page is asked for before anything of the store", async () => {
  const page = await open(`${server.url}/log`);
  await page.getByRole("heading", { level: 1 }).first().waitFor();
  const asked = await page.evaluate(() => performance.getEntriesByType("resource").map(({ name, startTime }) => [new URL(name).pathname, startTime] as const));
  const first = (what: RegExp): number => asked.find(([path]) => what.test(path))?.[1] ?? Number.NaN;
  expect(first(/\/assets\/log-.*\.js$/)).toBeLessThanOrEqual(first(/\/api\//));
});
