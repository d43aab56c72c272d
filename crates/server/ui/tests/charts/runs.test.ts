/**
 * Many runs drawn in every way: groups with bands, points, parallel axes, bars and boxes, each from a real server.
 *
 * Invariant: the numbers that are expected follow from what the test logged.
 */
import type { Page } from "playwright-core";
import { afterAll, beforeAll, expect, it } from "vitest";

import { expectAccessible } from "../support/access";
import { open } from "../support/browser";
import { Server } from "../support/server";

let server: Server;
const runs: string[] = [];
let experiment: number;

/** Runs of two rates with three seeds each; the loss is the rate, plus the seed's share, at every step. */
const lossOf = (lr: number, seed: number) => lr * 10 + seed;

beforeAll(async () => {
  server = await Server.start({ store: "empty" });
  experiment = (await server.call<{ id: number }>("POST", "/experiments", { name: "many" })).id;
  for (const lr of [0.1, 0.2]) {
    for (const seed of [1, 2, 3]) {
      const { id } = await server.call<{ id: string }>("POST", "/runs", { experiment: "many", name: `lr${lr}s${seed}`, params: { lr, seed } });
      const steps = Array.from({ length: 20 }, (_, step) => step);
      const points = steps.flatMap((step) => [
        { metric: "loss", value: lossOf(lr, seed), step },
        { metric: "acc", value: step / 100 + seed / 10, step },
      ]);
      await server.call("POST", `/runs/${id}/log`, { points });
      runs.push(id);
    }
  }
});

afterAll(() => server?.stop());

function compare(draw: string, more = ""): Promise<Page> {
  return open(`${server.url}/compare?runs=${runs.join(",")}&view=charts&compare.draw=${draw}${more}`);
}

function summaryWith(page: Page, text: string) {
  return page.locator(".chart-summary", { hasText: text }).first().waitFor({ state: "attached" });
}

it("groups are means with bands, and say how many runs they are of", async () => {
  const page = await compare("groups");
  await summaryWith(page, "lr 0.1: mean of 3 runs, last 3. lr 0.2: mean of 3 runs, last 4");
  expect(await page.locator(".chart-legend", { hasText: "lr 0.1" }).first().textContent()).toContain("n = 3");
  // Steps are all that groups can be drawn over.
  expect(await page.getByLabel("x axis").count()).toBe(0);
  await page.getByRole("combobox", { name: /^Line/ }).selectOption("median");
  await summaryWith(page, "lr 0.1: median of 3 runs, last 3.");
  await page.getByLabel("Band").selectOption("range");
  await page.getByLabel("Group by").selectOption("seed");
  await summaryWith(page, "seed 1: median of 2 runs");
  await page.locator(".chart-plot .u-over").first().hover();
  await page.locator(".chart-readings", { hasText: "seed 1" }).filter({ hasText: "n = 2" }).first().waitFor();
  await expectAccessible(page);
});

it("groups go on while their runs do, without being taken away", async () => {
  const page = await compare("groups");
  await summaryWith(page, "lr 0.1: mean of 3 runs, last 3. lr 0.2: mean of 3 runs, last 4");
  const canvas = page.locator(".chart", { hasText: "loss by group" }).locator("canvas").first();
  await canvas.evaluate((element) => element.setAttribute("data-known", ""));
  for (const id of runs) await server.call("POST", `/runs/${id}/log`, { points: [{ metric: "loss", value: 7, step: 20 }] });
  await summaryWith(page, "lr 0.1: mean of 3 runs, last 7. lr 0.2: mean of 3 runs, last 7");
  // It is the same canvas: the chart did not flicker.
  expect(await canvas.getAttribute("data-known")).toBe("");
});

it("lines of unequal length are smoothed over one length of the axis", async () => {
  const { id } = await server.call<{ id: string }>("POST", "/runs", { experiment: "many", name: "short" });
  const points = [0, 1, 2, 3].map((step) => ({ metric: "acc", value: step, step }));
  await server.call("POST", `/runs/${id}/log`, { points });
  const page = await compare("lines");
  await summaryWith(page, "acc, 6 runs");
  const asked = page.waitForRequest((request) => request.postDataJSON()?.smoothing === 0.6);
  await page.goto(`${server.url}/compare?runs=${runs[0]},${id}&view=charts&compare.charts=${encodeURIComponent("s=0.6")}`);
  // The longer goes from step 0 to 19.
  expect((await asked).postDataJSON()).toMatchObject({ smoothing: 0.6, span: 19 });
  await summaryWith(page, "acc, 2 runs");
  await page.locator(".chart", { hasText: "acc" }).first().getByRole("button", { name: "View as table" }).click();
  await page.getByRole("columnheader", { name: "smoothed" }).waitFor();
});

it("any number is drawn against any other, with its trend and the runs that none beats", async () => {
  const page = await compare("scatter", "&compare.across=loss.min&compare.up=acc");
  await summaryWith(page, "6 runs.");
  const words = (await page.locator(".chart-summary").first().textContent()) ?? "";
  // A smaller loss and a greater accuracy are better: each seed of the lower rate is on the front.
  expect(words).toContain("3 on the Pareto front");
  expect(words).toMatch(/Correlation 0\.8\d+ over 6 runs/);
  expect(await page.getByRole("switch", { name: "Pareto front" }).isChecked()).toBe(true);
  await page.getByRole("button", { name: "View as table" }).click();
  await expect.poll(() => page.getByRole("gridcell", { name: "yes", exact: true }).count()).toBe(3);
  await page.getByLabel("x axis").selectOption("=lr");
  await expect.poll(() => new URL(page.url()).searchParams.get("compare.across")).toBe("=lr");
  await expectAccessible(page);
});

/** Pulls along the first of the parallel axes, around its lowest values. */
async function brushLowest(page: Page): Promise<void> {
  const canvas = page.locator(".chart", { hasText: "Parallel coordinates" }).locator("canvas");
  await canvas.scrollIntoViewIfNeeded();
  const box = await canvas.boundingBox();
  if (box === null) throw new Error("the axes have no place");
  await page.mouse.move(box.x + 60, box.y + 370);
  await page.mouse.down();
  await page.mouse.move(box.x + 60, box.y + 250, { steps: 4 });
  await page.mouse.up();
}

it("a brush on a parallel axis says which runs are within, and keeps only these", async () => {
  const page = await compare("parallel");
  await summaryWith(page, "6 of 6 runs over 3 axes in which they differ: lr, seed, acc");
  await expectAccessible(page);
  await brushLowest(page);
  await page.getByText("3 of 6 runs are within the brushes.").waitFor();
  await page.getByRole("button", { name: "Keep only these" }).click();
  await expect.poll(() => new URL(page.url()).searchParams.get("runs")?.split(",")).toEqual(runs.slice(0, 3));
});

it("a brush beside the table becomes its filter", async () => {
  const page = await open(`${server.url}/experiments/${experiment}?runs=${runs.join(",")}`, { viewport: { width: 1600, height: 1000 } });
  await page.getByRole("tab", { name: "Parallel" }).click();
  await summaryWith(page, "6 of 6 runs over 3 axes");
  await brushLowest(page);
  await page.getByRole("button", { name: "Filter the table" }).click();
  await expect.poll(() => new URL(page.url()).searchParams.get("q")).toMatch(/^=lr >= 0\.1 and =lr <= 0\.1\d+$/);
});

it("bars have the value at a step, sorted, with the error of a group, and boxes their quarters", async () => {
  const page = await compare("bars", "&compare.bar=acc&compare.part=at&compare.step=10&compare.each=lr");
  await summaryWith(page, "2 bars. Highest: lr 0.1 with 0.3");
  await page.getByRole("button", { name: "View as table" }).click();
  const row = page.getByRole("row", { name: /lr 0\.1/ });
  // The values are 0.2, 0.3 and 0.4: a deviation of 0.1 of three runs.
  await expect.poll(() => row.getByRole("gridcell").allTextContents()).toEqual(["lr 0.1", "0.3", "0.05774", "3"]);
  await page.getByLabel("Drawn as").selectOption("boxes");
  await summaryWith(page, "lr 0.1: median 0.3 of 3");
  await page.getByRole("combobox", { name: /^Value/ }).selectOption(".max");
  await page.getByLabel("One for each").selectOption("");
  await summaryWith(page, "lr0.1s3");
  await expectAccessible(page);
});

it("charts of many runs fit a telephone", async () => {
  for (const draw of ["groups", "scatter", "parallel", "bars", "media"]) {
    const page = await open(`${server.url}/compare?runs=${runs.join(",")}&view=charts&compare.draw=${draw}`, { viewport: { width: 360, height: 740 } });
    await page.getByRole("tab", { name: "Lines" }).waitFor();
    await page.locator(draw === "media" ? "text=No images" : ".chart").first().waitFor();
    expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBeLessThanOrEqual(0);
  }
});

it("of groups that go on only the end is asked for, and a zoom stays where it is", async () => {
  const page = await compare("groups");
  await summaryWith(page, "lr 0.1: mean of 3 runs");
  const asked: { from?: number; metrics: string[] }[] = [];
  page.on("request", (request) => request.url().endsWith("/history/groups") && asked.push(request.postDataJSON() as { metrics: string[] }));
  for (const id of runs) await server.call("POST", `/runs/${id}/log`, { points: [{ metric: "loss", value: 9, step: 30 }] });
  await summaryWith(page, "lr 0.1: mean of 3 runs, last 9. lr 0.2: mean of 3 runs, last 9");
  const losses = asked.filter(({ metrics }) => metrics.includes("loss"));
  expect(losses.length).toBeGreaterThan(0);
  expect(losses.every(({ from }) => from !== undefined && from > 19)).toBe(true);
  // What was known is there as well: the whole is as if it had been asked for at once.
  const chart = page.locator(".chart", { hasText: "loss by group" });
  const table = async (): Promise<string[]> => {
    await chart.getByRole("button", { name: "View as table" }).click();
    await chart.getByRole("gridcell").first().waitFor();
    return chart.getByRole("row").allTextContents();
  };
  const grown = await table();
  await page.reload();
  await summaryWith(page, "lr 0.1: mean of 3 runs, last 9.");
  expect(await table()).toEqual(grown);
  const zoomed = await compare("groups", `&compare.groups=${encodeURIComponent("z=5~10")}`);
  await summaryWith(zoomed, "lr 0.1: mean of 3 runs");
  const words = zoomed.locator(".chart", { hasText: "loss by group" }).locator(".chart-summary");
  const before = await words.textContent();
  const more: unknown[] = [];
  zoomed.on("request", (request) => request.url().endsWith("/history/groups") && more.push(request.postDataJSON()));
  const ticked = zoomed.locator(".shell-live[data-state=live]");
  await ticked.waitFor();
  for (const id of runs) await server.call("POST", `/runs/${id}/log`, { points: [{ metric: "loss", value: 3, step: 40 }, { metric: "loss", value: 50, step: 10 }] });
  // The point within what is seen is drawn; the address keeps the zoom.
  await expect.poll(() => words.textContent()).not.toBe(before);
  expect(new URL(zoomed.url()).searchParams.get("compare.groups")).toBe("z=5~10");
  expect(more.every((question) => (question as { from: number; to: number }).from === 5 && (question as { to: number }).to === 10)).toBe(true);
});
