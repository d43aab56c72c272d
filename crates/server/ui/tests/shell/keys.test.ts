/** Servers that ask for a key, or only read. Invariant: a key is in a header and in no address. */
import { expect, test } from "vitest";

import { expectComplaints, open, SERVER_GONE } from "../support/browser";
import { command, Server } from "../support/server";

test("a server that wants a key is given one, which is in no address", async () => {
  const server = await Server.start({ words: ["--auth", "token"] });
  try {
    expectComplaints(/status of 401/, SERVER_GONE);
    const told = JSON.parse(command(server.store, "key", "new", "anna", "--role", "writer", "--json")) as { items: { token: string }[] };
    const token = told.items[0]?.token ?? "";
    const page = await open(`${server.url}/`);
    const addresses: string[] = [];
    page.on("request", (request) => addresses.push(request.url()));
    await page.getByRole("heading", { name: "This server asks for a key" }).waitFor();
    await page.getByLabel("Key", { exact: true }).fill("mlt_wrong");
    await page.keyboard.press("Enter");
    await page.getByText("this token is unknown").waitFor();
    await page.getByLabel("Key", { exact: true }).fill(token);
    await page.getByLabel("Keep it in this browser").check();
    await page.getByRole("button", { name: "Go on" }).click();
    await page.getByRole("link", { name: "digits", exact: true }).waitFor();
    await page.locator(".shell-live[data-state=live]").waitFor();
    await page.reload();
    await page.getByRole("link", { name: "digits", exact: true }).waitFor();
    expect(addresses.filter((address) => address.includes("mlt_"))).toEqual([]);
    expect(await page.evaluate(() => document.cookie)).toBe("");
  } finally {
    await server.stop();
  }
});

test("a table that was asked for without a key is there once a key was given", async () => {
  const server = await Server.start({ words: ["--auth", "token"] });
  try {
    expectComplaints(/status of 401/, SERVER_GONE);
    const told = JSON.parse(command(server.store, "key", "new", "anna", "--role", "writer", "--json")) as { items: { token: string }[] };
    const page = await open(`${server.url}/experiments/1`);
    await page.getByLabel("Key", { exact: true }).fill(told.items[0]?.token ?? "");
    await page.keyboard.press("Enter");
    await page.locator(".runs-row .runs-name").first().waitFor();
    expect(await page.locator("main .failure").count()).toBe(0);
  } finally {
    await server.stop();
  }
});

test("a server that only reads says so, and preferences stay in the browser", async () => {
  const server = await Server.start({ words: ["--read-only"] });
  try {
    expectComplaints(/status of 403/, SERVER_GONE);
    const page = await open(`${server.url}/settings`);
    await page.getByText("This server only reads the store").waitFor();
    await page.getByLabel("Theme").selectOption("dark");
    await page.waitForSelector("html[data-theme=dark]");
    await page.getByText("Kept in this browser").waitFor();
    await page.reload();
    await page.waitForSelector("html[data-theme=dark]");
  } finally {
    await server.stop();
  }
});
