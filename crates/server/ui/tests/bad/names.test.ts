/**
 * Names that are long, right to left or script, and values that are huge, tiny or none.
 *
 * Invariants: whatever can hold a text holds one that would run if anything took it for markup; no page of them is
 * wider than its window, and no value is shown as another one.
 */
import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { putFile, RIGHT_TO_LEFT, SCRIPT } from "../run/made";
import { expectComplaints, open } from "../support/browser";
import { command, Server } from "../support/server";

/** As long as a text may be anywhere; names end sooner. */
const LONG = `${RIGHT_TO_LEFT} ${SCRIPT} ${"long ".repeat(2_000)}`.slice(0, 10_000);
const NAME = "w".repeat(256);
const KEY = "k".repeat(250);

let server: Server;
let [id, file, plain] = ["", "", ""];

beforeAll(async () => {
  server = await Server.start({ store: "empty" });
  for (const name of [SCRIPT, NAME, RIGHT_TO_LEFT]) {
    await server.call("POST", "/experiments", { name, description: LONG, tags: { [SCRIPT]: LONG }, goal: { metric: SCRIPT, direction: "min" } });
    await server.call("POST", "/datasets", { name, description: LONG });
    await server.call("POST", "/models", { name, description: LONG });
  }
  const params = { [SCRIPT]: SCRIPT, [KEY]: LONG, [RIGHT_TO_LEFT]: RIGHT_TO_LEFT, huge: 1e308, negative: -1e308, tiny: 1e-300, exact: "EXACT", zero: "ZERO" };
  // What JSON.stringify rounds or drops is written by hand.
  const body = JSON.stringify({ experiment: SCRIPT, name: SCRIPT, params }).replace('"EXACT"', "9007199254740993").replace('"ZERO"', "-0.0");
  const made = await fetch(`${server.origin}/api/v1/runs`, { method: "POST", headers: { "content-type": "application/json" }, body });
  ({ id } = (await made.json()) as { id: string });
  const values = [1e308, -1e308, "NaN", "Infinity", "-Infinity", 1e-300, 0];
  const points = [SCRIPT, RIGHT_TO_LEFT, KEY, "value"].flatMap((metric) => values.map((value, step) => ({ metric, value, step })));
  await server.call("POST", `/runs/${id}/log`, { points: [...points, { metric: "tiny", value: 1e-300, step: 1 }, { metric: "huge", value: 1e308, step: 1 }] });
  await server.call("PATCH", `/runs/${id}`, { tags: { [SCRIPT]: SCRIPT, [KEY]: LONG }, note: LONG });
  ({ id: file } = await putFile(server, id, "&lt;img src=x onerror=window.bad=1&gt;.txt", LONG));
  plain = (await server.call<{ id: string }>("POST", "/runs", { experiment: SCRIPT, name: NAME, params: { huge: 1e-308 } })).id;
  await server.call("POST", "/views", { name: SCRIPT, content: { address: `/experiments/1` } });
  const folder = join(server.store, "..", "code");
  mkdirSync(folder);
  writeFileSync(join(folder, "print.sh"), `#!/bin/sh\necho '${SCRIPT}'\necho '${LONG}'\n`);
  chmodSync(join(folder, "print.sh"), 0o755);
  command(server.store, "run", "exec", SCRIPT, "--name", "printed", "--", join(folder, "print.sh"));
}, 120_000);
afterAll(() => server?.stop());

/** That nothing of the store ran, and nothing makes the page wider than its window. */
async function expectWell(page: Page, path: string): Promise<void> {
  expect(await page.evaluate(() => (globalThis as { bad?: number }).bad), path).toBeUndefined();
  expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth), path).toBeLessThanOrEqual(0);
  expect(await page.locator("main img[src=x], main script, main iframe").count(), path).toBe(0);
}

const PAGES = (): readonly (readonly [string, string])[] => [
  ["/", ".experiments, table, [role=grid]"],
  ["/experiments/1", ".runs-row[aria-rowindex]"],
  [`/runs/${id}`, ".run-tags li"],
  [`/runs/${id}?tab=charts`, "main canvas"],
  [`/runs/${id}?tab=artifacts`, ".run-tree-row"],
  [`/runs/${id}?tab=environment`, "main [role=tabpanel]"],
  [`/runs/${id}?tab=lineage`, "main [role=tabpanel]"],
  [`/runs/${id}?tab=events`, "main [role=tabpanel]"],
  ["/runs/printed?tab=console", "main [role=tabpanel] [role=list], main [role=tabpanel] [role=log], main [role=tabpanel] ol, .run-console"],
  [`/compare?runs=${id},${plain}&baseline=${id}`, "main table, main [role=grid]"],
  ["/artifacts", "main [role=row]"],
  [`/artifacts/${file}`, "main h1"],
  ["/datasets", "main [role=row]"],
  [`/datasets/${encodeURIComponent(SCRIPT)}`, "main h1"],
  ["/models", "main [role=row]"],
  [`/models/${encodeURIComponent(NAME)}`, "main h1"],
  [`/lineage?node=run:${id}`, "canvas.lineage-canvas"],
  [`/lineage?node=run:${id}&look=list`, "main [role=row]"],
  ["/analytics", "main section"],
  ["/log", ".log-rows .table-row"],
  ["/log?part=operations", "main [role=row]"],
  [`/search?q=${encodeURIComponent("script")}`, "main h1"],
];

describe("names", () => {
  for (const [width, height] of [[1280, 800], [360, 740]] as const) {
    it(`stay texts and in their places on every page, at ${width} wide`, async () => {
      // A run that was made through the interface has no environment.
      expectComplaints(/status of 404 .*\/environment/);
      const page = await open(`${server.url}/`, { viewport: { width, height } });
      for (const [path, ready] of PAGES()) {
        await page.goto(server.url + path);
        await page.locator(ready).first().waitFor();
        await expectWell(page, path);
      }
      await page.keyboard.press("Control+k");
      await page.keyboard.type("script");
      await page.getByRole("dialog").getByRole("option").nth(2).waitFor();
      await expectWell(page, "palette");
    }, 240_000);
  }

  it("that run from right to left are isolated from what stands around them", async () => {
    const page = await open(`${server.url}/runs/${id}`);
    const value = page.locator("main [dir=auto]").getByText(RIGHT_TO_LEFT, { exact: true }).first();
    await value.waitFor();
    expect(await value.evaluate((element) => getComputedStyle(element).unicodeBidi)).toMatch(/isolate|plaintext/);
    expect(await value.evaluate((element) => element.matches(":dir(rtl)") || element.closest("[dir=auto]")?.matches(":dir(rtl)") === true)).toBe(true);
  });
});

describe("values", () => {
  it("of parameters are shown digit for digit", async () => {
    const page = await open(`${server.url}/runs/${id}`);
    const params = page.getByRole("region", { name: /^Param/ });
    for (const text of ["9007199254740993", "-0", "1e+308", "-1e+308", "1e-300"]) {
      await params.getByText(text, { exact: true }).first().waitFor();
    }
  });

  it("of metrics are drawn and told as what they are", async () => {
    const page = await open(`${server.url}/runs/${id}?tab=charts`);
    await page.locator("main canvas").first().waitFor();
    await expect.poll(() => page.locator("main").textContent()).toContain("1e308");
    await page.goto(`${server.url}/runs/${id}`);
    await page.getByText("1e-300").first().waitFor();
    await page.getByText("1 NaN").first().waitFor();
    await page.goto(`${server.url}/compare?runs=${id},${plain}&baseline=${id}`);
    await expect.poll(() => page.locator("main").textContent()).toMatch(/1e\+?308/);
  });
});
