/** All of the work by keys. Invariant: whatever is done here is done without a pointer, and each key stands in the palette. */
import { spawnSync } from "node:child_process";

import type { Locator, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";

import { expectComplaints, open } from "../support/browser";
import { binary, Server } from "../support/server";
import { eight, waitForNames } from "./made";

let server: Server;
beforeAll(async () => {
  server = await Server.start({ store: "empty" });
});
afterAll(() => server.stop());

/** Runs that are made over HTTP have none, and the browser tells of the answer that says so. */
const NO_ENVIRONMENT = /status of 404.*environment/;

/** Goes on with the Tab key until this has the focus. */
async function tabTo(page: Page, target: Locator): Promise<void> {
  await target.waitFor();
  for (let presses = 0; presses < 80; presses += 1) {
    if (await target.evaluate((element) => element === document.activeElement)) return;
    await page.keyboard.press("Tab");
  }
  throw new Error("the Tab key does not lead there");
}

async function pressAll(page: Page, ...keys: readonly string[]): Promise<void> {
  for (const key of keys) await page.keyboard.press(key);
}

/** Expects that a parameter of the address becomes this. */
async function expectInAddress(page: Page, name: string, value: string | null): Promise<void> {
  await expect.poll(() => new URL(page.url()).searchParams.get(name)).toBe(value);
}

test("the whole job is done by the keyboard alone", { timeout: 180_000 }, async () => {
  expectComplaints(NO_ENVIRONMENT);
  const { id, runs } = await eight(server, "keys");
  const page = await open(`${server.url}/`);
  await tabTo(page, page.getByRole("link", { name: "keys", exact: true }));
  await page.keyboard.press("Enter");
  await page.waitForURL(`**/experiments/${id}`);
  await waitForNames(page, ["run 8", "run 7"]);
  await page.keyboard.press("/");
  await page.keyboard.type("opt = 'sgd'");
  await page.keyboard.press("Enter");
  await waitForNames(page, ["run 7", "run 5", "run 3", "run 1"]);
  await tabTo(page, page.getByRole("button", { name: "loss", exact: true }));
  await page.keyboard.press("Enter");
  await waitForNames(page, ["run 1", "run 3", "run 5", "run 7"]);
  await pressAll(page, "g", "t", "x", "j", "x");
  await page.getByText("2 selected").waitFor();
  await page.keyboard.press("p");
  await expectInAddress(page, "baseline", runs[2] ?? "");
  await page.keyboard.press("c");
  await page.waitForURL(/\/compare\?/);
  await expectInAddress(page, "runs", `${runs[2]},${runs[0]}`);
  await page.getByRole("tablist", { name: "What is compared" }).waitFor();
  await page.goBack();
  await waitForNames(page, ["run 1", "run 3", "run 5", "run 7"]);
  await page.getByText("2 selected").waitFor();
  await pressAll(page, "Escape", "g", "t", "Home", "j", "Enter");
  await expect.poll(() => new URL(page.url()).pathname).toBe(`/runs/${runs[2]}`);
  await throughTabs(page);
  await changeRun(page, runs[2] ?? "");
  await page.keyboard.press("Control+k");
  await page.keyboard.type("go to experiments");
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: "Experiments", level: 1 }).waitFor();
  await page.goBack();
  await page.waitForURL(`**/runs/${runs[2]}**`);
});

async function throughTabs(page: Page): Promise<void> {
  await tabTo(page, page.getByRole("tab", { name: "Overview" }));
  for (const name of ["Charts", "System", "Artifacts", "Console", "Environment", "Lineage", "Events", "Overview"]) {
    await page.keyboard.press("ArrowRight");
    const tab = page.getByRole("tab", { name, exact: false, selected: true });
    await tab.waitFor();
    expect(await tab.evaluate((element) => element === document.activeElement)).toBe(true);
    await page.getByRole("tabpanel", { name }).waitFor();
  }
}

/** Tags a run, notes on it, deletes it, and takes the last back. */
async function changeRun(page: Page, id: string): Promise<void> {
  const now = () => server.call<{ tags: Record<string, string>; notes: number; deleted: boolean }>("GET", `/runs/${id}`);
  await page.keyboard.press("e");
  await page.getByRole("dialog", { name: "Tag the run" }).waitFor();
  await page.keyboard.type("paper");
  await page.keyboard.press("Tab");
  await page.keyboard.type("v2");
  await page.keyboard.press("Enter");
  await expect.poll(async () => (await now()).tags["paper"]).toBe("v2");
  await page.getByRole("dialog").waitFor({ state: "detached" });
  await page.keyboard.press("n");
  await page.getByRole("dialog", { name: "Add a note" }).waitFor();
  await tabTo(page, page.getByRole("textbox", { name: /^Note/ }));
  await page.keyboard.type("look at **this**");
  await tabTo(page, page.getByRole("dialog").getByRole("button", { name: "Save" }));
  await page.keyboard.press("Enter");
  await expect.poll(async () => (await now()).notes).toBe(1);
  await page.getByRole("dialog").waitFor({ state: "detached" });
  await page.keyboard.press("Delete");
  await expect.poll(async () => (await now()).deleted).toBe(true);
  await page.getByText(/^Deleted/).waitFor();
  await page.keyboard.press("u");
  await expect.poll(async () => (await now()).deleted).toBe(false);
}

test("runs of the table are tagged, noted, archived and brought back by keys", async () => {
  const { id, runs } = await eight(server, "table-keys");
  const page = await open(`${server.url}/experiments/${id}`);
  const now = () => server.call<{ tags: Record<string, string>; notes: number; deleted: boolean }>("GET", `/runs/${runs[6]}`);
  await waitForNames(page, ["run 8", "run 7"]);
  await pressAll(page, "j", "e");
  await page.getByRole("dialog", { name: "Tag 1 run" }).waitFor();
  await page.keyboard.type("paper=v2 -old");
  await page.keyboard.press("Enter");
  await expect.poll(async () => (await now()).tags["paper"]).toBe("v2");
  await page.keyboard.press("n");
  await page.getByRole("dialog", { name: "Note on 1 run" }).waitFor();
  await page.keyboard.type("worth a look");
  await tabTo(page, page.getByRole("button", { name: "Add the note" }));
  await page.keyboard.press("Enter");
  await expect.poll(async () => (await now()).notes).toBe(1);
  await page.getByRole("dialog").waitFor({ state: "detached" });
  await page.keyboard.press("Delete");
  await waitForNames(page, ["run 8", "run 6"]);
  await page.keyboard.press("u");
  await waitForNames(page, ["run 8", "run 7", "run 6"]);
  await page.keyboard.press("h");
  await waitForNames(page, ["run 8", "run 6"]);
});

/** What the palette shows: titles, commands and keys. */
async function palette(page: Page): Promise<{ title: string; command: string; keys: string }[]> {
  await page.keyboard.press("Control+k");
  await page.getByRole("option", { name: /Next run/ }).waitFor();
  const entries = await page.getByRole("option").evaluateAll((options) =>
    options.map((option) => {
      const [title, command, keys] = [...option.children].map((child) => child.textContent?.replace(/\s+/g, " ").trim() ?? "");
      return { title: title ?? "", command: command ?? "", keys: keys ?? "" };
    }),
  );
  await page.keyboard.press("Escape");
  await page.getByRole("dialog").waitFor({ state: "detached" });
  return entries;
}

test("every key stands in the palette and in the help, with a command that there is", async () => {
  const { id } = await eight(server, "told");
  const page = await open(`${server.url}/experiments/${id}`);
  await waitForNames(page, ["run 8", "run 7"]);
  await pressAll(page, "x", "j", "x");
  await page.locator(".chart-grid").waitFor();
  const entries = await palette(page);
  const byKeys = new Map(entries.map((entry) => [entry.keys, entry]));
  const moving = ["j", "k", "]", "Esc"];
  const doing = ["/", "?", "x", "Shift X", "Enter", "c", "p", "h", "ge", "gr", "ga", "gl", "gs", "z", "y", "t", "s", "e", "n", "r", "Del", "Space", "v", "."];
  const missing = [...moving, ...doing].filter((keys) => !byKeys.has(keys));
  expect(missing, JSON.stringify([...byKeys.keys()])).toEqual([]);
  expect(doing.filter((keys) => !/^(mltrack|curl) /.test(byKeys.get(keys)?.command ?? ""))).toEqual([]);
  const commands = entries.map(({ command }) => command).filter((command) => command.startsWith("mltrack "));
  for (const command of new Set(commands)) {
    // What a shell reads as the words of a command that there is prints its help.
    const done = spawnSync("sh", ["-c", `${command.replace("mltrack", '"$MLTRACK"')} --help`], { encoding: "utf8", env: { ...process.env, MLTRACK: binary() } });
    expect([command, done.status, done.stderr]).toEqual([command, 0, ""]);
  }
  await page.keyboard.press("?");
  const help = await page.getByRole("dialog", { name: "Keys of this page" }).getByRole("row").allTextContents();
  const told = help.map((row) => row.replace(/\s+/g, " ").trim());
  expect(entries.filter(({ keys, title }) => keys !== "" && !told.some((row) => row.includes(title))).map(({ title }) => title)).toEqual([]);
});

test("keys of the charts act on them: y, t, s and z change what the address says", async () => {
  const { id } = await eight(server, "drawn");
  const page = await open(`${server.url}/experiments/${id}`);
  await waitForNames(page, ["run 8", "run 7"]);
  await pressAll(page, "x", "j", "x");
  await page.locator(".chart-grid").waitFor();
  for (const key of ["y", "t", "s"]) {
    const before = page.url();
    await page.keyboard.press(key);
    await expect.poll(() => page.url()).not.toBe(before);
  }
  await page.keyboard.press("]");
  await page.locator(".chart-grid").waitFor({ state: "detached" });
  await page.keyboard.press("]");
  await page.locator(".chart-grid").waitFor();
  await page.keyboard.press("Space");
  await page.locator(".shell-live[data-state=paused]").waitFor();
});

test("keys of a page that was never open can be given to others", async () => {
  const { id } = await eight(server, "others");
  const page = await open(`${server.url}/settings`);
  await page.getByRole("button", { name: "Change the keys of: Select the run", exact: true }).press("Enter");
  await pressAll(page, "m", "Enter");
  await page.goto(`${server.url}/experiments/${id}`);
  await waitForNames(page, ["run 8", "run 7"]);
  await pressAll(page, "x", "m", "j", "m");
  await page.getByText("2 selected").waitFor();
});

test("on a small screen the chosen tab is in sight, and the page does not move", async () => {
  expectComplaints(NO_ENVIRONMENT);
  const { runs } = await eight(server, "small");
  const page = await open(`${server.url}/runs/${runs[0]}?tab=events`, { viewport: { width: 360, height: 740 }, reducedMotion: "reduce" });
  const isInSight = (name: string): Promise<boolean> =>
    page.getByRole("tab", { name, selected: true }).evaluate((tab) => {
      const [box, list] = [tab.getBoundingClientRect(), (tab.parentElement as Element).getBoundingClientRect()];
      return box.left >= list.left - 1 && box.right <= list.right + 1;
    });
  await page.getByRole("tab", { name: "Events", selected: true }).waitFor();
  await expect.poll(() => isInSight("Events")).toBe(true);
  expect(await page.evaluate(() => scrollY)).toBe(0);
  await page.getByRole("tab", { name: "Events" }).focus();
  for (const name of ["Lineage", "Environment", "Console", "Artifacts", "System", "Charts", "Overview"]) {
    await page.keyboard.press("ArrowLeft");
    await expect.poll(() => isInSight(name)).toBe(true);
  }
  expect(await page.evaluate(() => scrollY)).toBe(0);
});

test("a key that follows at once the one that closes a menu is the page's", async () => {
  const { id } = await eight(server, "at once");
  const page = await open(`${server.url}/experiments/${id}`);
  await waitForNames(page, ["run 8", "run 7"]);
  await page.getByRole("button", { name: "Change", exact: true }).click();
  await expect.poll(() => page.evaluate(() => document.activeElement?.role)).toBe("menuitem");
  // Before the next picture is drawn, which no two presses of a hand are sure to be.
  await page.evaluate(async () => {
    const press = (key: string): boolean | undefined => document.activeElement?.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true }));
    press("Escape");
    await new Promise<void>((resolve) => queueMicrotask(resolve));
    press("e");
  });
  await page.getByRole("dialog", { name: /^Tag/ }).waitFor();
});

test("what is offered for runs is offered for the one that keys act on, without a choice", async () => {
  const { id } = await eight(server, "offered");
  const page = await open(`${server.url}/experiments/${id}`);
  await waitForNames(page, ["run 8", "run 7"]);
  await page.getByRole("button", { name: "Change", exact: true }).click();
  await expect.poll(() => page.getByRole("menuitem").first().isEnabled()).toBe(true);
  await page.keyboard.press("Enter");
  await page.getByRole("dialog", { name: /^Tag/ }).waitFor();
});
