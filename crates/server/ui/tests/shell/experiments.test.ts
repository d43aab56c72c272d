/** The list of experiments, and what is shown while there is none. Invariant: names are text, whatever is in them. */
import { spawnSync } from "node:child_process";

import { afterAll, beforeAll, expect, test } from "vitest";

import { expectAccessible } from "../support/access";
import { expectComplaints, open, SERVER_GONE } from "../support/browser";
import { Server } from "../support/server";

let server: Server;
beforeAll(async () => {
  server = await Server.start();
});
afterAll(() => server.stop());

test("an experiment shows its runs by state, when they were made and the best value of its goal", async () => {
  const page = await open(server.url);
  const row = page.getByRole("row", { name: /digits/ });
  await row.getByText("validation_loss").waitFor();
  await row.getByRole("img", { name: "4 runs in 30 days, at most 4 on a day" }).waitFor();
  await row.getByTitle("4 completed").waitFor();
  const { items } = await server.call<{ items: { columns: Record<string, number> }[] }>(
    "GET",
    "/runs?experiment=digits&sort=validation_loss.min&columns=validation_loss.min&limit=1",
  );
  const best = Number(items[0]?.columns["validation_loss.min"]);
  expect(Number(await row.locator(".experiments-best .number").textContent())).toBeCloseTo(best, 3);
  await row.focus();
  await page.keyboard.press("Enter");
  await page.waitForURL("**/experiments/1");
});

test("an experiment is archived by a key, and an undo brings it back", async () => {
  const page = await open(server.url);
  const row = page.getByRole("row", { name: /digits/ });
  await row.focus();
  await page.keyboard.press("Delete");
  await page.getByText("Archived digits").waitFor();
  await row.waitFor({ state: "detached" });
  await page.keyboard.press("u");
  await row.waitFor();
});

test("the order is the address, and a filter is taken back by going back", async () => {
  const page = await open(server.url);
  await page.getByRole("button", { name: "Name" }).click();
  await page.waitForURL("**/?sort=name");
  const first = page.getByRole("row").nth(1);
  const isFirst = (name: string) => first.getByRole("link", { name, exact: true }).waitFor();
  await isFirst("Default");
  await page.getByRole("button", { name: "Name" }).click();
  await page.waitForURL("**/?sort=-name");
  await isFirst("digits");
  await page.goBack();
  await isFirst("Default");
  await page.keyboard.press("/");
  await page.keyboard.type("digi");
  await expect.poll(() => page.getByRole("row").count()).toBe(2);
  await page.reload();
  await expect.poll(() => page.getByRole("row").count()).toBe(2);
});

test("names of any length, direction and kind are text and break nothing", async () => {
  const names = ["<img src=x onerror=alert(1)>", "שלום עולם", "x".repeat(200), "\u202Eevil", "a\u0301".repeat(60)];
  for (const name of names) await server.call("POST", "/experiments", { name, description: name });
  const page = await open(server.url, { viewport: { width: 360, height: 740 } });
  await page.getByText("<img src=x onerror=alert(1)>").first().waitFor();
  expect(await page.locator("main img").count()).toBe(0);
  expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBeLessThanOrEqual(0);
  await expectAccessible(page);
});

test("nothing moves under the pointer: what is new waits to be asked for", async () => {
  const page = await open(server.url);
  const first = page.getByRole("row").nth(1);
  await first.waitFor();
  const before = await first.textContent();
  await first.hover();
  const place = await first.boundingBox();
  await server.call("POST", "/experiments", { name: "newest of all" });
  const ask = page.getByRole("button", { name: /Something new/ });
  await ask.waitFor();
  expect(await first.textContent()).toContain(before?.slice(0, 20));
  expect(await first.boundingBox()).toEqual(place);
  await ask.click();
  await page.getByRole("row").nth(1).getByText("newest of all").waitFor();
});

test("an empty store says how to begin, with the address of this server", async () => {
  expectComplaints(SERVER_GONE);
  const empty = await Server.start({ store: "empty" });
  try {
    const page = await open(empty.url);
    await page.getByRole("heading", { name: "Nothing was logged yet" }).waitFor();
    for (const name of ["Python", "Rust", "shell"]) await page.getByRole("button", { name: `Copy ${name}` }).waitFor();
    const origin = new URL(empty.url).origin;
    await page.getByText(`mlflow.set_tracking_uri("${origin}")`).waitFor();
    await expectAccessible(page);
    await page.getByRole("button", { name: /^Copy demo/ }).waitFor();
    const line = await page.getByText(`curl ${origin}/api/v1/runs`).textContent();
    expect(spawnSync("sh", ["-c", line ?? ""], { encoding: "utf8" }).stdout).toContain('"name":"first"');
    // What was logged by the line is on the page without asking.
    await page.getByRole("row", { name: /Default/ }).getByTitle("1 running").waitFor();
    await expect.poll(() => page.getByRole("heading", { name: "Nothing was logged yet" }).count()).toBe(0);
  } finally {
    await empty.stop();
  }
});
