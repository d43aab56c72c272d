/** Whether groups of replicates differ. Invariant: what is chosen stands in the address, and the copied command answers the same. */
import { afterAll, beforeAll, expect, test } from "vitest";

import { endRun, makeRun } from "./made";
import { expectAccessible } from "../support/access";
import { expectComplaints, newBrowser, open } from "../support/browser";
import { command, Server } from "../support/server";

let server: Server;
const ids: string[] = [];
const VALUES = [
  [0.926, 0.924, 0.927, 0.928],
  [0.931, 0.929, 0.934, 0.93],
];

beforeAll(async () => {
  server = await Server.start({ store: "empty" });
  await server.call("POST", "/experiments", { name: "shell", goal: { metric: "acc", direction: "max" } });
  for (const [rate, values] of VALUES.entries()) {
    for (const [seed, value] of values.entries()) {
      const run = await makeRun(server, `rate-${rate}-${seed}`, { lr: rate, seed }, [value]);
      await server.call("POST", `/runs/${run.id}/log`, { points: [{ metric: "system/cpu", value, step: 0 }] });
      await endRun(server, run.id);
      if (seed === 0) ids.push(run.id);
    }
  }
});
afterAll(() => server.stop());

test("replicates are tested, and what is chosen stands in the address", async () => {
  const page = await open(`${server.url}/compare?runs=${ids.join(",")}`);
  await page.getByRole("tab", { name: "Statistics" }).click();
  await page.getByText("8 runs in 2 groups, 1 test").waitFor();
  const grid = page.getByRole("grid", { name: "Statistics of the groups" });
  const accuracy = grid.getByRole("row", { name: /^acc/ });
  const told = await accuracy.textContent();
  expect(told).toContain("4 and 4");
  expect(told).toContain("0.931 ± 0.0022");
  expect(told).toContain("Hedges' g");
  expect(told).toContain("95 % [");
  expect(told).toContain("significant, better");
  await page.getByText("p-values are Holm corrected").first().waitFor();
  await expectAccessible(page);
  await page.getByRole("combobox", { name: "Test", exact: true }).selectOption("wilcoxon");
  await accuracy.getByText("exact", { exact: true }).waitFor();
  await page.getByLabel("Significant below").selectOption("0.001");
  await accuracy.getByText("not significant").waitFor();
  await page.keyboard.press("p");
  await page.getByText(/the baseline is rate-1-0/).waitFor();
  const query = new URL(page.url()).searchParams;
  expect([query.get("test"), query.get("alpha"), query.get("baseline"), query.get("view")]).toEqual(["wilcoxon", "0.001", ids[1], "statistics"]);
  await page.reload();
  await accuracy.getByText("exact", { exact: true }).waitFor();
  await page.getByText(/the baseline is rate-1-0/).waitFor();
});

test("replicates can differ in more than their seeds", async () => {
  expectComplaints(/400/);
  const page = await open(`${server.url}/compare?runs=${ids.join(",")}&view=statistics`);
  expect(await page.getByRole("checkbox", { name: "seed" }).isDisabled()).toBe(true);
  await page.getByRole("checkbox", { name: "lr" }).click();
  await page.getByText(/replicates of one another/).waitFor();
  await page.getByRole("checkbox", { name: "lr" }).click();
  await page.getByText("8 runs in 2 groups, 1 test").waitFor();
});

test("the copied command answers what the page shows", async () => {
  const page = await (await newBrowser({ permissions: ["clipboard-read", "clipboard-write"] })).newPage();
  await page.goto(`${server.url}/compare?runs=${ids.join(",")}&view=statistics`);
  await page.getByRole("button", { name: "Copy the statistics as" }).click();
  await page.getByRole("menuitem", { name: "Command" }).click();
  await page.getByText("Command copied").waitFor();
  const words = (await page.evaluate(() => navigator.clipboard.readText())).split(" ").slice(1);
  const answer = JSON.parse(command(server.store, ...words, "--json")) as { items: { name: string; groups: { test: { p: number } | null }[] }[] };
  const p = answer.items.find((item) => item.name === "acc")?.groups[1]?.test?.p;
  expect(p).toBeGreaterThan(0);
  const shown = await page.getByRole("row", { name: /^acc/ }).getByRole("gridcell").nth(7).textContent();
  expect(shown).toBe(String(Number(p?.toPrecision(3))));
});

test("metrics of the machine stand behind everything else", async () => {
  const page = await open(`${server.url}/compare?runs=${ids.join(",")}`);
  const values = page.getByRole("grid", { name: "Values of the runs" });
  await values.getByText("System metrics").waitFor();
  const text = (await values.textContent()) ?? "";
  expect(text.indexOf("system/cpu")).toBeGreaterThan(text.indexOf("Parameters"));
});
