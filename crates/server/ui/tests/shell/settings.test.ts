/** The settings. Invariant: whatever is chosen changes what it says, in every tab, and is taken back where it was chosen. */
import type { Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";

import { expectAccessible } from "../support/access";
import { newBrowser, open } from "../support/browser";
import { Server } from "../support/server";

let server: Server;
let run = "";
beforeAll(async () => {
  server = await Server.start();
  run = (await server.call<{ items: { id: string }[] }>("GET", "/runs?limit=1")).items[0]?.id ?? "";
});
afterAll(() => server.stop());

/** Two tabs of one browser. */
async function tabs(first: string, second: string): Promise<[Page, Page]> {
  const browser = await newBrowser({ timezoneId: "Europe/Berlin" });
  const [one, other] = [await browser.newPage(), await browser.newPage()];
  await Promise.all([one.goto(server.url + first), other.goto(server.url + second)]);
  return [one, other];
}

test("a time zone that one tab chooses is that of every time in the other, and in its settings", async () => {
  const [one, other] = await tabs("/settings", "/settings");
  await other.getByLabel("Time zone").waitFor();
  await one.getByLabel("Time zone").fill("Nowhere/At all");
  await one.getByText("That is no time zone").waitFor();
  expect(await other.getByLabel("Time zone").inputValue()).toBe("local");
  await one.getByLabel("Time zone").fill("Asia/Tokyo");
  await expect.poll(() => other.getByLabel("Time zone").inputValue()).toBe("Asia/Tokyo");
  const hourOf = async (page: Page): Promise<string> => /\d+:\d+/.exec((await page.locator("#settings-zone").textContent()) ?? "")?.[0] ?? "";
  expect((await hourOf(one)).split(":")[0]).toBe((await hourOf(other)).split(":")[0]);
  await one.getByLabel("Time zone").fill("local");
  await expect.poll(() => other.getByLabel("Time zone").inputValue()).toBe("local");
});

test("a key that one tab gives to something else works in the other, and is given back", async () => {
  const [one, other] = await tabs("/settings", "/");
  await other.getByRole("link", { name: "digits", exact: true }).waitFor();
  await one.getByRole("button", { name: "Change the keys of: Go to Models" }).click();
  await one.keyboard.press("g");
  await one.keyboard.press("e");
  await one.getByText("also: Go to Experiments").waitFor();
  await one.keyboard.press("Backspace");
  await one.keyboard.press("m");
  await one.keyboard.press("Enter");
  await one.getByRole("button", { name: "The keys as they were: Go to Models" }).waitFor();
  await other.keyboard.press("m");
  await other.waitForURL("**/models");
  await one.getByRole("button", { name: "The keys as they were: Go to Models" }).click();
  await other.goBack();
  await other.getByRole("link", { name: "digits", exact: true }).waitFor();
  await other.keyboard.press("g");
  await other.keyboard.press("m");
  await other.waitForURL("**/models");
});

test("a colour that is chosen on a run's page counts everywhere, and is forgotten in the settings", async () => {
  const [one, other] = await tabs(`/runs/${run}`, "/settings");
  const swatch = one.locator(".run-colour rect");
  const before = await swatch.getAttribute("fill");
  const orange = await other.locator(".settings-colours rect").nth(1).getAttribute("fill");
  await one.getByLabel("Colour of the run").selectOption(before === orange ? "green" : "orange");
  await expect.poll(() => swatch.getAttribute("fill")).not.toBe(before);
  await expectAccessible(one);
  await other.getByText("1 chosen by you").waitFor();
  await other.getByRole("button", { name: "Forget them" }).click();
  await expect.poll(() => swatch.getAttribute("fill")).toBe(before);
});

test("columns that are chosen for an experiment open it, until they are forgotten", async () => {
  const page = await open(`${server.url}/experiments/1`);
  const dialog = page.getByRole("dialog", { name: "Columns" });
  const shown = dialog.getByRole("region", { name: "Shown columns" });
  const choose = () => page.getByRole("button", { name: "Columns", exact: true }).click();
  await choose();
  await shown.getByText("validation_loss").first().waitFor();
  const usual = await shown.getByRole("listitem").count();
  await dialog.getByRole("button", { name: /^Hide/ }).last().click();
  await dialog.getByRole("button", { name: "Always open with these" }).click();
  await dialog.getByRole("button", { name: "Do not open with these any more" }).waitFor();
  expect(new URL(page.url()).search).toBe("");
  await page.goto(`${server.url}/settings`);
  await page.getByRole("link", { name: "experiment 1" }).click();
  await choose();
  await dialog.getByRole("button", { name: "Do not open with these any more" }).waitFor();
  expect(await shown.getByRole("listitem").count()).toBe(usual - 1);
  await page.goto(`${server.url}/settings`);
  await page.getByRole("listitem").filter({ hasText: "experiment 1" }).getByRole("button", { name: "Forget" }).click();
  await page.getByText("You have chosen no columns").waitFor();
  await page.goto(`${server.url}/experiments/1`);
  await choose();
  await expect.poll(() => shown.getByRole("listitem").count()).toBe(usual);
});
