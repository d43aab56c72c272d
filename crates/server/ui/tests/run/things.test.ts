/** Artifacts, datasets and models. Invariant: whatever is done to one of them is taken back by one key. */
import type { Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";

import { makeRun, putFile, SCRIPT } from "./made";
import { expectAccessible } from "../support/access";
import { expectComplaints, open } from "../support/browser";
import { Server } from "../support/server";

let server: Server;
let weights = "";
let notes = "";

beforeAll(async () => {
  server = await Server.start({ store: "empty" });
  await server.call("POST", "/experiments", { name: "shell" });
  const run = await makeRun(server, "maker", {}, [0.5]);
  weights = (await putFile(server, run.id, "model/weights.txt", "first")).id;
  await putFile(server, run.id, "model/weights.txt", "second");
  notes = (await putFile(server, run.id, "notes.md", "# Notes")).id;
  await server.call("POST", "/datasets", { name: "rows", description: SCRIPT });
  await server.call("POST", "/datasets/rows/versions", { files: { "rows.csv": "x,y\n1,2\n" }, version: "1.0.0" });
  await server.call("POST", "/datasets/rows/versions", { files: { "rows.csv": "x,y\n1,2\n3,4\n" }, bump: "minor", parents: ["rows@v1"] });
  await server.call("POST", `/runs/${run.id}/inputs`, { dataset: "rows@v1", split: "train" });
  await server.call("POST", "/models", { name: "net" });
  await server.call("POST", "/models/net/versions", { artifacts: [weights], run: run.id });
  await server.call("POST", "/models/net/versions", { source: "s3://models/2", run: run.id });
});
afterAll(() => server.stop());

const versionsOf = (page: Page) => page.getByRole("grid", { name: "Versions" });

test("artifacts are found, verified and opened", async () => {
  const page = await open(`${server.url}/artifacts`);
  await page.getByText("2 artifacts").waitFor();
  await page.getByRole("searchbox", { name: "Find artifacts" }).fill("weights");
  await page.getByText("1 artifact", { exact: true }).waitFor();
  await page.getByRole("button", { name: "Verify it" }).click();
  await page.getByText("✓ intact").waitFor();
  await expectAccessible(page);
  await page.getByRole("link", { name: "model/weights.txt" }).click();
  await page.getByRole("region", { name: "text" }).getByText("second").waitFor();
  await page.getByRole("link", { name: "v1", exact: true }).click();
  await page.getByRole("region", { name: "text" }).getByText("first").waitFor();
  await page.getByRole("link", { name: "net v1" }).waitFor();
  await expectAccessible(page);
});

test("an artifact is removed and restored where it is looked at, and each is taken back by a key", async () => {
  const page = await open(`${server.url}/artifacts/${notes}`);
  const removed = page.getByText("It was removed");
  await page.getByRole("button", { name: "Remove", exact: true }).click();
  await removed.waitFor();
  await page.getByText("Removed notes.md v1").waitFor();
  await page.keyboard.press("u");
  await removed.waitFor({ state: "detached" });
  await page.getByRole("button", { name: "Remove", exact: true }).click();
  await page.getByRole("button", { name: "Restore", exact: true }).click();
  await removed.waitFor({ state: "detached" });
  await expectAccessible(page);
  const { run } = await server.call<{ run: string }>("GET", `/artifacts/${notes}`);
  await page.goto(`${server.url}/runs/${run}?tab=artifacts&artifact=${notes}`);
  await page.getByRole("button", { name: "Remove", exact: true }).click();
  await page.getByRole("button", { name: "notes.md" }).waitFor({ state: "detached" });
  await page.keyboard.press("u");
  await page.getByRole("button", { name: "notes.md" }).waitFor();
});

test("the bytes of a version are verified, and the answer is there for who comes later", async () => {
  // A version whose bytes are elsewhere has no files to tell of; only the answer tells that.
  expectComplaints(/409/);
  for (const path of ["/datasets/rows", "/models/net?version=1"]) {
    const page = await open(`${server.url}${path}`);
    await page.getByText("Not checked since the server was started.").waitFor();
    await page.getByRole("button", { name: "Verify", exact: true }).click();
    await page.getByText("✓ intact").waitFor();
    await page.reload();
    await page.getByText("✓ intact").waitFor();
    await expectAccessible(page);
  }
  const page = await open(`${server.url}/models/net?version=2`);
  await page.getByText("s3://models/2").first().waitFor();
  expect(await page.getByRole("button", { name: "Verify", exact: true }).count()).toBe(0);
});

test("a dataset has versions, files, and the runs that took it in", async () => {
  const page = await open(`${server.url}/datasets`);
  await page.getByRole("link", { name: "rows" }).click();
  await page.getByRole("heading", { level: 1, name: "rows" }).waitFor();
  await page.getByText(SCRIPT).waitFor();
  await page.getByRole("grid", { name: "Files" }).getByRole("button", { name: "rows.csv" }).click();
  await page.getByText("2 rows, 2 columns").waitFor();
  await versionsOf(page).getByRole("button", { name: "v1", exact: true }).click();
  await page.getByText("1 row, 2 columns").waitFor();
  await page.getByRole("region", { name: /Taken in by/ }).getByText("train").waitFor();
  expect(await page.evaluate(() => (globalThis as { bad?: number }).bad)).toBeUndefined();
  await expectAccessible(page);
});

test("a deleted dataset comes back by u, and by its page", async () => {
  expectComplaints(/404/);
  await server.call("POST", "/datasets", { name: "short-lived" });
  const page = await open(`${server.url}/datasets/short-lived`);
  await page.getByRole("heading", { level: 1, name: "short-lived" }).waitFor();
  await page.keyboard.press("Delete");
  await page.getByRole("heading", { name: "This dataset is deleted" }).waitFor();
  await page.getByRole("button", { name: "Restore it" }).click();
  await page.getByText("No version yet").waitFor();
});

test("a model moves through stages and aliases, and each move is taken back", async () => {
  // A version whose bytes are elsewhere has no files to tell of.
  expectComplaints(/409/);
  const page = await open(`${server.url}/models/net?version=1`);
  await page.getByLabel("Stage of version 1").selectOption("Production");
  await page.getByText("None → Production").waitFor();
  await page.keyboard.press("u");
  await expect.poll(() => page.getByLabel("Stage of version 1").inputValue()).toBe("None");
  await page.getByLabel("New alias of v1").fill("champion");
  await page.keyboard.press("Enter");
  const aliases = page.getByRole("region", { name: "Aliases" });
  await aliases.getByText("champion").waitFor();
  await versionsOf(page).getByRole("button", { name: "v2", exact: true }).click();
  await page.getByText(/they are at s3:\/\/models\/2/).waitFor();
  await aliases.getByRole("button", { name: "Move to v2" }).click();
  await aliases.getByText("v2", { exact: true }).waitFor();
  await expectAccessible(page);
});

test("what is not there names the next step, on a narrow screen, too", async () => {
  expectComplaints(/404|409/);
  const page = await open(`${server.url}/models/nobody`, { viewport: { width: 360, height: 740 } });
  await page.getByRole("heading", { name: "There is no such model" }).waitFor();
  for (const path of ["/artifacts", "/datasets", "/datasets/rows", "/models", "/models/net"]) {
    await page.goto(server.url + path);
    await page.locator("main h1").first().waitFor();
    expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth), path).toBeLessThanOrEqual(0);
  }
});
