/** The live stream. Invariant: one stream for a browser, and nothing lost over a server that was killed. */
import type { Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";

import { expectComplaints, newBrowser, open, SERVER_GONE } from "../support/browser";
import { Server } from "../support/server";

let server: Server;
beforeAll(async () => {
  server = await Server.start();
});
afterAll(() => server.stop());

const badge = (page: Page, state: string) => page.locator(`.shell-live[data-state=${state}]`);
const make = (name: string) => server.call("POST", "/experiments", { name });
const listed = (page: Page, name: string) => page.getByRole("link", { name, exact: true });

test("what happens is on the page without asking, and not while it is paused", async () => {
  const page = await open(`${server.url}/`);
  await badge(page, "live").waitFor();
  await listed(page, "digits").waitFor();
  await make("first");
  await listed(page, "first").waitFor();
  await page.keyboard.press("Space");
  await badge(page, "paused").waitFor();
  const other = await open(`${server.url}/`);
  await badge(other, "live").waitFor();
  await make("second");
  // Where it is not paused it is there, so it was told.
  await listed(other, "second").waitFor();
  expect(await listed(page, "second").count()).toBe(0);
  await page.keyboard.press("Space");
  await badge(page, "live").waitFor();
  await listed(page, "second").waitFor();
});

test("a browser has one stream however many tabs it has, and another tab takes it over", async () => {
  const browser = await newBrowser();
  const pages = [await browser.newPage(), await browser.newPage(), await browser.newPage()];
  for (const page of pages) {
    await page.goto(server.url);
    await badge(page, "live").waitFor();
  }
  const listeners = async (): Promise<number> => (await server.call<{ listeners: number }>("GET", "/store")).listeners;
  await expect.poll(listeners).toBe(1);
  await pages[0]?.close();
  await expect.poll(listeners, { timeout: 10_000 }).toBe(1);
  await make("told to the second tab");
  for (const page of pages.slice(1)) await listed(page, "told to the second tab").waitFor();
});

test("a server that is killed is told of, and nothing is lost when it is there again", async () => {
  expectComplaints(SERVER_GONE);
  const page = await open(`${server.url}/`);
  await badge(page, "live").waitFor();
  await listed(page, "digits").waitFor();
  await server.kill();
  await badge(page, "offline").waitFor();
  await page.getByRole("alert").getByText("The server does not answer").waitFor();
  expect(await listed(page, "digits").isVisible(), "what is known stays").toBe(true);
  await server.restart();
  await make("made while nobody listened");
  await page.locator(".shell-live").click();
  await badge(page, "live").waitFor({ timeout: 40_000 });
  await listed(page, "made while nobody listened").waitFor();
  expect(await page.getByRole("alert").count()).toBe(0);
}, 120_000);

test("where streams do not come through it asks every two seconds", async () => {
  expectComplaints(/net::ERR_/);
  const browser = await newBrowser();
  await browser.route("**/api/v1/events*", (route) => route.abort());
  const page = await browser.newPage();
  await page.goto(server.url);
  await badge(page, "polling").waitFor();
  await listed(page, "digits").waitFor();
  await make("found by asking");
  await listed(page, "found by asking").waitFor();
  await page.keyboard.press("Space");
  await badge(page, "paused").waitFor();
  const asked = page.waitForResponse((answer) => answer.url().endsWith("/api/v1/store"));
  await make("found during a pause");
  await asked;
  await page.waitForResponse((answer) => answer.url().endsWith("/api/v1/store"));
  expect(await listed(page, "found during a pause").count()).toBe(0);
  await page.keyboard.press("Space");
  await listed(page, "found during a pause").waitFor();
});
