/**
 * Addresses of moments that are no more: before what was purged for good, and behind the end of a log that was cut off.
 *
 * Invariant: no page shows numbers that lack what is gone; it says so, and leads to what can be shown.
 */
import { afterAll, beforeAll, expect, test } from "vitest";

import { expectAccessible } from "../support/access";
import { expectComplaints, open } from "../support/browser";
import { command, Server } from "../support/server";

let server: Server;
let floor = 0;
beforeAll(async () => {
  server = await Server.start({
    store: "empty",
    prepare: (store) => {
      // Records go with the segments that they lie in, once these are sealed: the oldest run of several is purged.
      command(store, "demo", "--scale", "runs=600,params=10,metrics=6,points=200,columns=20,experiments=1", "--seed", "1");
      command(store, "rm", "mlp-adafactor-0", "--yes");
      command(store, "gc", "--older-than", "0s", "--yes");
      command(store, "compact", "--keep-raw", "0s");
    },
  });
  floor = (await server.call<{ history_floor: number | null }>("GET", "/store")).history_floor ?? 0;
  expect(floor).toBeGreaterThan(1);
}, 300_000);
afterAll(() => server?.stop());

test("a moment before what was purged says what is gone, and leads to the oldest that can be shown", async () => {
  expectComplaints(/status of 410/);
  const page = await open(`${server.url}/?at=100`);
  const bar = page.locator(".shell-pinned");
  await bar.getByText(`Nothing is left to show as of 100: what was purged by record ${floor} is gone`).waitFor();
  const failure = page.locator("main .failure").first();
  await failure.getByText("HISTORY_FLOOR").waitFor();
  expect(await failure.textContent()).toMatch(/request [0-9a-f]+/);
  expect(await page.locator("main .experiments-title").count(), "no number that lacks something").toBe(0);
  await expectAccessible(page);
  await bar.getByRole("button", { name: /^Show the oldest/ }).click();
  await page.waitForURL((url) => url.searchParams.get("at") === String(floor));
  await bar.getByText(`As of lsn ${floor}`).waitFor();
  await page.getByRole("link", { name: "scale-1", exact: true }).waitFor();
  await expect.poll(() => page.locator("main .failure").count()).toBe(0);
});

test("every page of such a moment says so in its place", async () => {
  expectComplaints(/status of 410/);
  for (const path of ["/experiments/1", "/artifacts", "/datasets", "/search?q=mlp"]) {
    const page = await open(`${server.url}${path}${path.includes("?") ? "&" : "?"}at=100`);
    await page.locator("main .failure", { hasText: "HISTORY_FLOOR" }).first().waitFor();
    await page.locator(".shell-pinned", { hasText: "Nothing is left to show" }).getByRole("button", { name: "Back to now" }).click();
    await expect.poll(() => page.locator("main .failure").count(), { message: path }).toBe(0);
    await page.close();
  }
});

test("a moment behind the end of the log, as after it was cut off, is told to be the end", async () => {
  const { lsn } = await server.call<{ lsn: number }>("GET", "/store");
  const page = await open(`${server.url}/?at=${lsn + 1_000}`);
  await page.locator(".shell-pinned").getByText(`As of lsn ${lsn}, the end of the log: there is no record ${lsn + 1_000}`).waitFor();
  await page.getByRole("link", { name: "scale-1", exact: true }).waitFor();
});
