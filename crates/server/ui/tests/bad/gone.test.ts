/**
 * Servers that go away and come back with the same log.
 *
 * Invariant: what is known stays visible meanwhile; what is there afterwards is what the log says, each thing once.
 */
import type { Page } from "playwright-core";
import { expect, test } from "vitest";

import { expectComplaints, open, SERVER_GONE } from "../support/browser";
import { Server } from "../support/server";

const badge = (page: Page, state: string) => page.locator(`.shell-live[data-state=${state}]`);
const rows = (page: Page): Promise<string[]> => page.locator(".log-rows .table-row .log-link").allTextContents();

/** A server whose store has one experiment with two runs. */
async function small(): Promise<Server> {
  const server = await Server.start({ store: "empty" });
  await server.call("POST", "/experiments", { name: "kept" });
  for (const name of ["first", "second"]) await server.call("POST", "/runs", { experiment: "kept", name });
  return server;
}

test("a server that is killed is asked again by itself, and every record is there once when it is back", async () => {
  expectComplaints(SERVER_GONE);
  const server = await small();
  const page = await open(`${server.url}/experiments/1`);
  await badge(page, "live").waitFor();
  const names = page.locator(".runs-row[aria-rowindex] .runs-name");
  await expect.poll(() => names.count()).toBe(2);
  await server.kill();
  await page.locator(".shell-live", { hasText: /offline · retry in \d+ s/ }).waitFor();
  await page.getByRole("alert").getByText("The server does not answer").waitFor();
  expect(await names.count(), "what is known stays").toBe(2);
  await server.restart();
  await server.call("POST", "/runs", { experiment: "kept", name: "while nobody listened" });
  // Nobody presses anything.
  await badge(page, "live").waitFor({ timeout: 40_000 });
  await expect.poll(() => page.getByRole("alert").count()).toBe(0);
  const bar = page.getByRole("button", { name: /1 new run/ });
  await expect.poll(async () => (await bar.count()) + (await names.count())).toBe(3);
  if ((await bar.count()) > 0) await bar.click();
  await expect.poll(() => names.count()).toBe(3);
  const shown = (await names.allTextContents()).map((text) => text.replace(/^.*?(?=first|second|while)/, ""));
  expect(new Set(shown).size).toBe(3);
  await server.stop();
}, 120_000);

test("the records of the log are each there once over a server that was killed", async () => {
  expectComplaints(SERVER_GONE);
  const server = await small();
  const page = await open(`${server.url}/log`);
  await badge(page, "live").waitFor();
  await expect.poll(async () => (await rows(page)).length).toBeGreaterThan(1);
  const before = (await rows(page)).length;
  await server.kill();
  await badge(page, "offline").waitFor();
  await server.restart();
  await server.call("POST", "/runs", { experiment: "kept", name: "third" });
  await badge(page, "live").waitFor({ timeout: 40_000 });
  await page.getByRole("button", { name: "Newer records" }).click();
  await expect.poll(async () => (await rows(page)).length).toBeGreaterThan(before);
  const shown = (await rows(page)).map(Number);
  expect(new Set(shown).size).toBe(shown.length);
  expect(shown).toEqual([...shown].sort((one, other) => other - one));
  await server.stop();
}, 120_000);
