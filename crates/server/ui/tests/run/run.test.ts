/** The page of a run. Invariant: nothing of the store ever runs in it, and everything on it is done by keyboard alone. */
import { readdirSync, chmodSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import type { Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";

import { makeRun, PICTURE, putFile, RIGHT_TO_LEFT, runScript, SCRIPT } from "./made";
import { expectAccessible } from "../support/access";
import { expectComplaints, open } from "../support/browser";
import { Server } from "../support/server";

let server: Server;
let id = "";

beforeAll(async () => {
  server = await Server.start({ store: "empty" });
  await server.call("POST", "/experiments", { name: "shell", goal: { metric: "acc", direction: "max" } });
  const parent = await makeRun(server, "parent", {}, []);
  const run = await makeRun(server, `first ${SCRIPT}`, { lr: 0.1, note: "x".repeat(10_000), [SCRIPT]: RIGHT_TO_LEFT }, [0.5, "NaN", 0.9, 0.8], { parent: parent.id });
  id = run.id;
  await server.call("PATCH", `/runs/${id}`, { tags: { team: "vision", [SCRIPT]: SCRIPT }, note: `It **works**.\n${SCRIPT}` });
  await putFile(server, id, "tables/rows.csv", "name,score\nb,2\na,10\n");
  await putFile(server, id, "plots/point.png", PICTURE);
  await putFile(server, id, "report.html", `<h1>Report</h1>${SCRIPT}`);
  await putFile(server, id, "drawing.svg", `<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><script>window.top.bad=1</script></svg>`);
  await putFile(server, id, "config.json", `{"layers": [1, 2], "name": "${RIGHT_TO_LEFT}"}`);
  runScript(server, "scripted", "0.2");
});
afterAll(() => server.stop());

async function shown(path: string): Promise<Page> {
  const page = await open(`${server.url}/runs/${path}`);
  await page.getByRole("tab", { name: "Overview" }).waitFor();
  return page;
}

/** That nothing of the store was taken for a program. */
async function expectHarmless(page: Page): Promise<void> {
  expect(await page.evaluate(() => (globalThis as { bad?: number }).bad)).toBeUndefined();
}

async function expectNarrow(page: Page): Promise<void> {
  expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBeLessThanOrEqual(0);
}

test("what copies the metrics stands in the head of their panel, beside its title", async () => {
  const page = await shown(id);
  for (const tab of ["overview", "charts"]) {
    await page.goto(`${server.url}/runs/${id}?tab=${tab}`);
    const panel = page.getByRole("region", { name: "Metrics" });
    const [title, button] = [panel.getByRole("heading", { name: "Metrics" }), panel.getByRole("button", { name: "Copy metrics as" })];
    await button.waitFor();
    const [one, other] = [await title.boundingBox(), await button.boundingBox()];
    if (one === null || other === null) throw new Error("the head has no place");
    expect(Math.abs(one.y + one.height / 2 - (other.y + other.height / 2)), tab).toBeLessThan(12);
  }
});

test("the overview tells what a run is, and its texts stay texts", async () => {
  const page = await shown(id);
  await page.getByRole("heading", { level: 1, name: `first ${SCRIPT}` }).waitFor();
  const goal = page.getByRole("region", { name: "Goal of the experiment" });
  expect(await goal.textContent()).toContain("0.9");
  expect(await goal.textContent()).toContain("step 2");
  await page.getByText("1 NaN").waitFor();
  await page.getByText(`It **works**.`).waitFor();
  await page.getByRole("region", { name: "Family" }).getByRole("link", { name: "parent" }).waitFor();
  await page.getByRole("button", { name: "all 10000 letters" }).waitFor();
  await expectHarmless(page);
  await expectAccessible(page);
});

test("a run is tagged, noted, renamed and deleted by keyboard, and each is taken back by u", async () => {
  const page = await shown("parent");
  await page.keyboard.press("e");
  await page.getByRole("textbox", { name: "Key" }).fill("stage");
  await page.keyboard.press("Tab");
  await page.keyboard.type("draft");
  await page.keyboard.press("Enter");
  const tags = page.getByRole("region", { name: "Tags" });
  await tags.getByText("stage").waitFor();
  await page.keyboard.press("u");
  await tags.getByText("stage").waitFor({ state: "detached" });

  await page.keyboard.press("r");
  await page.getByRole("textbox", { name: "Name" }).fill("renamed");
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { level: 1, name: "renamed" }).waitFor();
  await page.keyboard.press("u");
  await page.getByRole("heading", { level: 1, name: "parent" }).waitFor();

  await page.keyboard.press("n");
  await page.getByLabel("Note, in Markdown").fill("Look again.");
  await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  await page.getByRole("region", { name: "Notes" }).getByText("Look again.").waitFor();

  await page.keyboard.press("Delete");
  await page.getByText("deleted", { exact: true }).waitFor();
  await page.keyboard.press("u");
  await page.getByText("deleted", { exact: true }).waitFor({ state: "detached" });
});

test("tabs are part of the address and move by arrows", async () => {
  const page = await shown(id);
  await page.getByRole("tab", { name: "Overview" }).focus();
  await page.keyboard.press("ArrowRight");
  await page.keyboard.press("ArrowRight");
  await page.keyboard.press("ArrowRight");
  expect(new URL(page.url()).searchParams.get("tab")).toBe("artifacts");
  await page.getByRole("region", { name: "Files" }).waitFor();
  await page.goBack();
  expect(new URL(page.url()).searchParams.get("tab")).toBe("system");
});

test("files are looked into, and none of them runs", async () => {
  const page = await shown(`${id}?tab=artifacts`);
  const files = page.getByRole("region", { name: "Files" });
  await files.getByRole("button", { name: /rows\.csv/ }).click();
  const rows = page.getByRole("grid", { name: "Rows of the file" });
  await rows.getByRole("button", { name: "score" }).click();
  expect(await rows.getByRole("gridcell").nth(1).textContent()).toBe("b");
  await files.getByRole("button", { name: /point\.png/ }).click();
  await page.getByRole("img", { name: "plots/point.png" }).waitFor();
  await files.getByRole("button", { name: /drawing\.svg/ }).click();
  await page.getByRole("img", { name: "drawing.svg" }).waitFor();
  await files.getByRole("button", { name: /report\.html/ }).click();
  await page.getByRole("region", { name: "text" }).getByText("<h1>Report</h1>").waitFor();
  await files.getByRole("button", { name: /config\.json/ }).click();
  await page.getByText(`"${RIGHT_TO_LEFT}"`).waitFor();
  await expectHarmless(page);
  await expectAccessible(page);
});

/** The file of the store that a hash names. */
function blobOf(folder: string, hash: string): string {
  const found = readdirSync(folder, { recursive: true, withFileTypes: true }).find((entry) => entry.isFile() && join(entry.parentPath, entry.name).replaceAll("/", "").includes(hash));
  if (!found) throw new Error(`no file below ${folder} is of ${hash}`);
  return join(found.parentPath, found.name);
}

test("a file is verified, and damage is told with what repairs it", async () => {
  const file = await putFile(server, id, "later/weights.txt", "weights");
  const page = await shown(`${id}?tab=artifacts&artifact=${file.id}`);
  await page.getByText("Not checked since the server was started.").waitFor();
  await page.getByRole("button", { name: "Verify" }).click();
  await page.getByText("✓ intact").waitFor();
  const blob = blobOf(join(server.store, "artifacts"), file.blake3);
  chmodSync(blob, 0o644);
  writeFileSync(blob, "something else that nobody logged");
  await page.getByRole("button", { name: "Verify" }).click();
  await page.getByText("✗ damaged").waitFor();
  await page.getByText("--repair URL").waitFor();
});

test("the console is searched, has links to its lines, and shows scripts as text", async () => {
  const page = await shown("scripted?tab=console");
  const lines = page.getByRole("log", { name: "Console" });
  await lines.getByText(SCRIPT).waitFor();
  await lines.getByText(RIGHT_TO_LEFT).waitFor();
  await expectHarmless(page);
  await expectAccessible(page);
  const link = await lines.locator(".run-line", { hasText: "step 3" }).getByRole("link").getAttribute("href");
  await page.getByRole("searchbox", { name: "Find lines" }).fill("step 1[0-2]");
  await page.getByText("3 of 17 lines match").waitFor();
  expect(new URL(page.url()).searchParams.get("grep")).toBe("step 1[0-2]");
  await page.getByLabel("Level").selectOption("error");
  await page.getByRole("heading", { name: "No line matches" }).waitFor();
  await page.goto(`${server.url}/runs/scripted${link}`);
  expect(await page.locator(".run-line-shown").textContent()).toContain("step 3");
});

test("the environment has the patch with its lines, and the packages", async () => {
  const page = await shown("scripted?tab=environment");
  const patch = page.getByRole("region", { name: "lines of the patch" });
  await patch.locator(".preview-line-added", { hasText: "rate = 0.2" }).waitFor();
  await patch.locator(".preview-line-removed", { hasText: "rate = 0.1" }).waitFor();
  await page.getByRole("grid", { name: "Packages" }).getByText("torch").waitFor();
  await expectAccessible(page);
});

test("lineage leads to what the run made", async () => {
  const page = await shown(`${id}?tab=lineage`);
  await page.getByRole("link", { name: /tables\/rows\.csv/ }).click();
  await page.getByRole("heading", { level: 1, name: "tables/rows.csv" }).waitFor();
});

test("a run is followed live, without a reload", async () => {
  const run = await makeRun(server, "live", {}, []);
  const page = await shown(run.id);
  await page.getByText(/It has been running for/).waitFor();
  await server.call("POST", `/runs/${run.id}/log`, { points: [{ metric: "acc", value: 0.125, step: 1 }] });
  await page.getByRole("region", { name: "Goal of the experiment" }).getByText("0.125").first().waitFor();
  await server.call("POST", `/runs/${run.id}/end`, { state: "failed" });
  await page.locator(".run-facts").getByText("failed").waitFor();
});

test("a past moment is shown as it was, and cannot be changed", async () => {
  const run = await makeRun(server, "past", {}, [0.5]);
  const before = (await server.call<{ lsn: number }>("GET", `/runs/${run.id}`)).lsn;
  await server.call("PATCH", `/runs/${run.id}`, { tags: { later: "yes" } });
  const page = await shown(`${run.id}?at=${before}`);
  await page.getByText("past state", { exact: true }).waitFor();
  expect(await page.getByText("later").count()).toBe(0);
  expect(await page.getByRole("button", { name: "Tag", exact: true }).isDisabled()).toBe(true);
});

test("a run that is not there names the next step", async () => {
  expectComplaints(/404/);
  const page = await open(`${server.url}/runs/nothing-of-this-name`);
  await page.getByRole("heading", { name: "There is no such run" }).waitFor();
  await page.getByLabel("Runs of the store", { exact: true }).waitFor();
});

test("every tab fits a narrow screen", async () => {
  const page = await open(`${server.url}/runs/${id}`, { viewport: { width: 360, height: 740 } });
  for (const tab of ["overview", "artifacts", "lineage"]) {
    await page.goto(`${server.url}/runs/${id}?tab=${tab}`);
    await page.getByRole("tab", { name: "Overview" }).waitFor();
    await page.getByRole("tabpanel").locator("section, [role=region]").first().waitFor();
    await expectNarrow(page);
  }
  await page.goto(`${server.url}/runs/scripted?tab=console`);
  await page.getByRole("log", { name: "Console" }).waitFor();
  await expectNarrow(page);
});

test("a server that only reads offers nothing that changes", async () => {
  const fixed = await Server.start({ store: join(server.store, ".."), words: ["--read-only"] });
  try {
    const page = await open(`${fixed.url}/runs/${id}`);
    const notes = page.getByRole("region", { name: "Notes" });
    await notes.waitFor();
    await page.getByText("This server only reads the store").waitFor();
    expect(await page.getByRole("button", { name: "Tag", exact: true }).isDisabled()).toBe(true);
    expect(await notes.getByRole("button").isDisabled()).toBe(true);
    // A page that still asks when its server goes complains of that.
    await page.close();
  } finally {
    await fixed.stop();
  }
});
