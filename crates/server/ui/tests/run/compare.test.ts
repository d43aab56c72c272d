/** Runs side by side. Invariant: what differs is seen first, and what is equal is there on demand. */
import { afterAll, beforeAll, expect, test } from "vitest";

import { endRun, makeRun, runScript, SCRIPT } from "./made";
import { expectAccessible } from "../support/access";
import { expectComplaints, open } from "../support/browser";
import { Server } from "../support/server";

let server: Server;
const ids: string[] = [];

beforeAll(async () => {
  server = await Server.start({ store: "empty" });
  await server.call("POST", "/experiments", { name: "shell", goal: { metric: "acc", direction: "max" } });
  const params = [
    { lr: 0.1, seed: 1, kind: "mlp", [SCRIPT]: SCRIPT },
    { lr: 0.1, seed: 2, kind: "mlp", [SCRIPT]: SCRIPT },
    { lr: 0.2, seed: 1, kind: "mlp", [SCRIPT]: SCRIPT },
  ];
  for (const [at, given] of params.entries()) {
    const run = await makeRun(server, `run-${at}`, given, [0.25, 0.5 + at / 4]);
    await endRun(server, run.id);
    ids.push(run.id);
  }
  runScript(server, "script-one", "0.2");
  runScript(server, "script-two", "0.3");
});
afterAll(() => server.stop());

test("differences come first, equal rows are folded, and numbers stand against the baseline", async () => {
  const page = await open(`${server.url}/compare?runs=${ids.join(",")}`);
  const values = page.getByRole("grid", { name: "Values of the runs" });
  await values.getByText("goal: max").waitFor();
  const accuracy = values.getByRole("row", { name: /^acc/ });
  expect(await accuracy.textContent()).toContain("▲+50%");
  expect(await accuracy.textContent()).toContain("▲+100% better");
  expect(await accuracy.getByRole("gridcell").nth(3).textContent()).toContain("best");
  expect(await values.getByText("kind", { exact: true }).count()).toBe(0);
  await values.getByRole("button", { name: "2 equal rows" }).click();
  await values.getByText("kind", { exact: true }).waitFor();
  expect(await page.evaluate(() => (globalThis as { bad?: number }).bad)).toBeUndefined();
  await page.keyboard.press("p");
  await page.waitForURL(new RegExp(`baseline=${ids[1]}`));
  await values.getByText("▼−50%").or(values.getByText("▼-33%")).first().waitFor();
  await expectAccessible(page);
});

test("replicates are summed up with how many they are", async () => {
  const page = await open(`${server.url}/compare?runs=${ids.join(",")}&view=replicates`);
  await page.getByText("3 runs in 2 groups").waitFor();
  const groups = page.getByRole("grid", { name: "Groups of replicates" });
  expect(await groups.getByRole("row", { name: /^lr=0\.1/ }).textContent()).toContain("0.625 ± 0.18");
  await page.getByRole("checkbox", { name: "lr" }).click();
  await page.getByText("3 runs in 1 group", { exact: true }).waitFor();
  await expectAccessible(page);
});

test("patches and consoles of two runs differ by lines", async () => {
  const page = await open(`${server.url}/compare?runs=script-one,script-two&view=code`);
  await page.getByText("different commits").or(page.getByText("the same commit")).waitFor();
  const patches = page.getByRole("region", { name: "Difference of the patches" });
  await patches.getByText("+rate = 0.2").waitFor();
  await patches.getByText("+rate = 0.3").waitFor();
  await page.getByRole("tab", { name: "Console" }).click();
  await page.getByText(/They are the same/).waitFor();
  await page.getByRole("switch", { name: "Numbers do not count" }).click();
  const consoles = page.getByRole("region", { name: "Difference of the consoles" });
  await consoles.getByText("rate 0.3").waitFor();
  await expectAccessible(page);
});

test("environments are compared, and a run without one is named", async () => {
  expectComplaints(/404/);
  const page = await open(`${server.url}/compare?runs=script-one,${ids[0]}&view=environment`);
  await page.getByText(/Not known of/).waitFor();
  await page.getByRole("grid", { name: "Environments of the runs" }).getByText("git.branch").waitFor();
});

test("one run is offered its previous and the best one", async () => {
  const page = await open(`${server.url}/compare?runs=${ids[1]}`);
  await page.getByRole("link", { name: /Best run/ }).waitFor();
  await page.getByRole("link", { name: /Previous run/ }).click();
  await page.getByRole("heading", { name: "Compare 2 runs" }).waitFor();
  expect(new URL(page.url()).searchParams.get("runs")).toBe(`${ids[1]},${ids[0]}`);
});

test("a run that is not there leaves the others as they are", async () => {
  expectComplaints(/404/);
  const page = await open(`${server.url}/compare?runs=${ids[0]},nobody,${ids[1]}`, { viewport: { width: 360, height: 740 } });
  await page.getByRole("heading", { name: "Compare 2 runs" }).waitFor();
  await page.getByText(/is left out/).waitFor();
  expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBeLessThanOrEqual(0);
  await page.getByRole("button", { name: "Take it off the list" }).click();
  await page.getByText(/is left out/).waitFor({ state: "detached" });
});
