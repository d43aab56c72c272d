/** What is done to runs. Invariant: each change is told, can be taken back, and has its command. */
import { afterAll, beforeAll, expect, test } from "vitest";

import { expectAccessible } from "../support/access";
import { newBrowser, open } from "../support/browser";
import { Server } from "../support/server";
import { eight, waitForNames } from "./made";

let server: Server;
beforeAll(async () => {
  server = await Server.start({ store: "empty" });
});
afterAll(() => server.stop());

const DOWN = ["run 8", "run 7", "run 6", "run 5", "run 4", "run 3", "run 2", "run 1"];
const total = async (experiment: string, filter: string): Promise<number> =>
  (await server.call<{ total: number }>("GET", `/runs?experiment=${experiment}&filter=${encodeURIComponent(filter)}&limit=1`)).total;

test("selected runs are tagged by one operation, and u takes it back", async () => {
  const { id } = await eight(server, "tags");
  const page = await open(`${server.url}/experiments/${id}`);
  await waitForNames(page, DOWN);
  await page.keyboard.press("x");
  await page.keyboard.press("j");
  await page.keyboard.press("x");
  await page.keyboard.press("e");
  await page.getByRole("textbox", { name: "Tags" }).fill("paper=v2 best");
  await page.getByText("As a command").click();
  await page.getByText(/curl .*runs\/bulk/).waitFor();
  await expectAccessible(page);
  await page.getByRole("button", { name: "Tag", exact: true }).click();
  await page.getByText("Tagged paper=v2, best: 2 runs").waitFor();
  await expect.poll(() => total("tags", "tags.paper = 'v2'")).toBe(2);
  await page.keyboard.press("u");
  await expect.poll(() => total("tags", "tags.paper = 'v2'")).toBe(0);
});

test("runs are deleted by a key and come back by an undo", async () => {
  const { id } = await eight(server, "gone");
  const page = await open(`${server.url}/experiments/${id}`);
  await waitForNames(page, DOWN);
  await page.keyboard.press("j");
  await page.keyboard.press("Delete");
  await waitForNames(page, ["run 8", "run 6"]);
  await page.getByText("Deleted: 1 run").waitFor();
  await page.getByRole("button", { name: /Undo/ }).click();
  await expect.poll(() => total("gone", "")).toBe(8);
});

test("all runs of a filter are shown first and then changed at once", async () => {
  const { id } = await eight(server, "bulk");
  const page = await open(`${server.url}/experiments/${id}?q=${encodeURIComponent("opt = 'adam'")}`);
  await waitForNames(page, ["run 8", "run 6"]);
  await page.getByRole("button", { name: "Change", exact: true }).click();
  await page.getByRole("menuitem", { name: "All runs of the filter …" }).click();
  const told = page.getByRole("region", { name: "What would be changed" });
  await told.getByText("4 runs").waitFor();
  expect(await told.getByRole("listitem").allTextContents()).toEqual(["run 8", "run 6", "run 4", "run 2"]);
  await page.getByRole("textbox", { name: "Tags" }).fill("kind=adam");
  await expectAccessible(page);
  await page.getByRole("button", { name: "Tagged kind=adam: 4 runs" }).click();
  await page.getByText("Tagged kind=adam: 4 runs").waitFor();
  await expect.poll(() => total("bulk", "tags.kind = 'adam'")).toBe(4);
  await page.keyboard.press("u");
  await expect.poll(() => total("bulk", "tags.kind = 'adam'")).toBe(0);
});

test("a run is renamed and noted from the keyboard", async () => {
  const { id, runs } = await eight(server, "names");
  const page = await open(`${server.url}/experiments/${id}`);
  await waitForNames(page, DOWN);
  await page.keyboard.press("r");
  await page.getByRole("textbox", { name: "Name" }).fill("the best one");
  await page.keyboard.press("Enter");
  await page.getByText("Renamed to the best one").waitFor();
  await waitForNames(page, ["the best one", "run 7"]);
  await page.keyboard.press("n");
  await page.getByRole("textbox", { name: "Note, in Markdown" }).fill("look at **this**");
  await page.getByRole("button", { name: "Add the note" }).click();
  await expect.poll(async () => (await server.call<{ notes: number }>("GET", `/runs/${runs[7]}`)).notes).toBe(1);
});

test("a view is saved, has a short address, and keeps what it was before", async () => {
  const { id } = await eight(server, "views");
  const page = await open(`${server.url}/experiments/${id}?sort=loss&q=${encodeURIComponent("lr > 0.3")}`);
  await waitForNames(page, ["run 8", "run 7"]);
  await page.getByRole("button", { name: "Views" }).click();
  await page.getByRole("textbox", { name: "Save what is shown as" }).fill("small rates");
  await page.keyboard.press("Enter");
  await page.getByRole("button", { name: "small rates", exact: true }).waitFor();
  await expectAccessible(page);
  const view = new URL(page.url()).searchParams.get("view");
  expect(view).toMatch(/^[0-9a-f]{16}$/);
  await page.keyboard.press("Escape");
  await page.getByRole("button", { name: "opt", exact: true }).click();
  await page.getByRole("button", { name: "Views" }).click();
  await page.getByRole("button", { name: "Update" }).click();
  await page.getByText("1 earlier").waitFor();
  const other = await open(`${server.url}/v/${view}`);
  await other.waitForURL(/sort=/);
  expect(new URL(other.url()).searchParams.get("sort")).toBe("=opt");
  await waitForNames(other, ["run 8", "run 6", "run 4", "run 7", "run 5"]);
});

test("the table is copied as it is: a command, CSV, Markdown", async () => {
  const { id } = await eight(server, "copies");
  const browser = await newBrowser({ permissions: ["clipboard-read", "clipboard-write"] });
  const page = await browser.newPage();
  await page.goto(`${server.url}/experiments/${id}?sort=-loss&columns=.name,loss&q=${encodeURIComponent("lr < 0.25")}`);
  await waitForNames(page, ["run 1", "run 2"]);
  const copied = async (form: string): Promise<string> => {
    await page.getByRole("button", { name: "Copy as" }).click();
    await page.getByRole("menuitem", { name: form, exact: true }).click();
    await page.getByText(`${form} copied`).waitFor();
    return page.evaluate(() => navigator.clipboard.readText());
  };
  expect(await copied("CSV")).toMatch(/^run,\.name,loss\n[0-9a-f]{32},run 1,9\n[0-9a-f]{32},run 2,8\n$/);
  expect(await copied("Markdown table")).toBe("| Name | loss |\n| --- | --- |\n| run 1 | 9 |\n| run 2 | 8 |\n");
  expect(await copied("Command")).toMatch(/^mltrack -C \S+ runs copies -f 'lr < 0.25' --sort=-loss --cols=.name,loss$/);
});
