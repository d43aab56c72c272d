/**
 * Servers that let nobody change anything, and keys that allow less than everything.
 *
 * Invariant: what cannot be done is not offered as if it could, and says why; who may only look sees everything.
 */
import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { expectAccessible } from "../support/access";
import { command, Server } from "../support/server";
import { expectComplaints, open } from "../support/browser";

/** What the browser itself tells of a call that was refused. */
const REFUSED = /status of (401|403|429)/;

interface Key {
  readonly token: string;
}

/** Makes a key, and answers its token. */
function keyOf(store: string, name: string, ...words: string[]): string {
  const made = JSON.parse(command(store, "key", "new", name, ...words, "--json")) as { items: Key[] };
  return made.items[0]?.token ?? "";
}

async function putIn(page: Page, token: string): Promise<void> {
  await page.getByLabel("Key", { exact: true }).fill(token);
  await page.getByRole("button", { name: "Go on" }).click();
}

/** Whatever changes something on these pages is there, cannot be pressed, and says why. */
async function expectFixed(page: Page, url: string, why: RegExp): Promise<void> {
  await page.goto(`${url}/experiments/1`);
  const change = page.getByRole("button", { name: "Change", exact: true });
  await expect.poll(() => change.isDisabled()).toBe(true);
  expect(await change.getAttribute("title")).toMatch(why);
  await page.locator(".runs-row[aria-rowindex]").first().waitFor();
  await page.keyboard.press("j");
  await page.keyboard.press("e");
  await expect.poll(() => page.locator(".shell-done").textContent()).toMatch(why);
  expect(await page.getByRole("dialog").count()).toBe(0);
  await page.keyboard.press("Control+k");
  await page.keyboard.type("Delete the runs");
  const entry = page.getByRole("option", { name: /^Delete the runs/ });
  await expect.poll(() => entry.getAttribute("aria-disabled")).toBe("true");
  expect(await entry.textContent()).toMatch(why);
  await expectAccessible(page);
  await page.keyboard.press("Escape");
  await page.goto(`${url}/runs/@last`);
  for (const name of ["Tag", "Note", "More", "Add a tag"]) {
    const button = page.locator("main").getByRole("button", { name: name === "Add a tag" ? why : name, exact: name !== "Add a tag" }).first();
    await expect.poll(() => button.isDisabled(), { message: name }).toBe(true);
  }
  await expect.poll(() => page.locator(".run-facts").textContent()).toMatch(why);
  await page.goto(`${url}/log?part=operations`);
  const undo = page.getByRole("button", { name: "Undo", exact: true }).first();
  await expect.poll(() => undo.isDisabled()).toBe(true);
  expect(await undo.getAttribute("title")).toMatch(why);
  await page.goto(`${url}/models`);
  await expect.poll(() => page.getByRole("button", { name: "New model" }).isDisabled()).toBe(true);
}

describe("a server that only reads", () => {
  let server: Server;
  beforeAll(async () => {
    server = await Server.start({ words: ["--read-only"] });
  });
  afterAll(() => server?.stop());

  it("says so on every page, and offers no change as if it could be made", async () => {
    const page = await open(server.url);
    await page.getByText("This server only reads the store").waitFor();
    await expectAccessible(page);
    await expectFixed(page, server.url, /only reads/);
  });
});

describe("a server that asks for keys", () => {
  let server: Server;
  let [viewer, writer, scoped] = ["", "", ""];
  beforeAll(async () => {
    server = await Server.start({
      words: ["--auth", "token"],
      prepare: (store) => {
        viewer = keyOf(store, "vera", "--role", "viewer");
        writer = keyOf(store, "walt", "--role", "writer");
        scoped = keyOf(store, "sam", "--scope", "digits");
      },
    });
  });
  afterAll(() => server?.stop());

  it("asks for one, says what is wrong with a wrong one, however often, and takes the right one", async () => {
    expectComplaints(REFUSED);
    const page = await open(server.url);
    await page.getByRole("heading", { name: "This server asks for a key" }).waitFor();
    await page.locator(".shell-live[data-state=refused]").waitFor();
    await expectAccessible(page);
    // More often than the server has patience for: the last answers are others than the first.
    for (let turn = 0; turn < 12; turn += 1) {
      const answered = page.waitForResponse(/api\/v1\/store/);
      await putIn(page, `mlt_wrong${turn}`);
      await answered;
    }
    await expect.poll(() => page.getByRole("alert").textContent()).toContain("too many wrong tokens");
    await putIn(page, "schlüssel");
    await expect.poll(() => page.getByRole("alert").textContent()).toContain("no key");
    await putIn(page, writer);
    await page.getByRole("link", { name: "digits", exact: true }).waitFor();
    await page.locator(".shell-live[data-state=live]").waitFor();
    await page.goto(`${server.url}/experiments/1`);
    await expect.poll(() => page.getByRole("button", { name: "Change", exact: true }).isEnabled()).toBe(true);
  });

  it("lets a viewer see everything, and says why nothing can be changed", async () => {
    expectComplaints(REFUSED);
    const page = await open(server.url);
    await putIn(page, viewer);
    await page.getByRole("status").getByText("The key vera may look and change nothing").waitFor();
    await page.locator(".shell-live[data-state=live]").waitFor();
    await expectFixed(page, server.url, /role viewer/);
  });

  it("says of a key with a scope that it reaches no page, and which one would", async () => {
    expectComplaints(REFUSED);
    const page = await open(server.url);
    await putIn(page, scoped);
    await page.getByRole("heading", { name: "This key does not reach the page" }).waitFor();
    await expect.poll(() => page.getByRole("alert").textContent()).toContain("only for the experiments digits");
    await expect.poll(() => page.locator("form").textContent()).toContain("mltrack key new NAME --role viewer");
    await expectAccessible(page);
    await putIn(page, viewer);
    await page.getByRole("link", { name: "digits", exact: true }).waitFor();
  });

  it("says so when the key that is shown is taken back", async () => {
    expectComplaints(REFUSED);
    const token = keyOf(server.store, "gone");
    const page = await open(server.url);
    await putIn(page, token);
    await page.getByRole("link", { name: "digits", exact: true }).waitFor();
    command(server.store, "key", "rm", "gone");
    // A key that was taken back counts for at most a second more.
    await expect.poll(async () => (await fetch(`${server.origin}/api/v1/store`, { headers: { authorization: `Bearer ${token}` } })).status).toBe(401);
    // The page asks by itself every ten seconds: nobody presses anything.
    await page.getByRole("heading", { name: "This server asks for a key" }).waitFor();
    await expect.poll(() => page.getByRole("alert").textContent()).toContain("revoked");
  });
});
