/**
 * Charts in a browser, over a real server: what is drawn, said, zoomed, saved, and what goes on while it is logged.
 *
 * Invariant: the numbers that are expected are those that the test logged.
 */
import { readFileSync } from "node:fs";

import type { Page } from "playwright-core";
import { afterAll, beforeAll, expect, it } from "vitest";

import { open } from "../support/browser";
import { Server } from "../support/server";

const NAME = "<script>loss</script>";
let server: Server;
let run: string;

function points(from: number, to: number) {
  const steps = Array.from({ length: to - from }, (_, index) => from + index);
  return steps.flatMap((step) => [
    { metric: "loss", value: step === 777 ? 50 : 1 / (1 + step / 100), step },
    { metric: `other/${NAME}`, value: step % 7, step },
  ]);
}

beforeAll(async () => {
  server = await Server.start({ store: "empty" });
  await server.call("POST", "/experiments", { name: "charts" });
  run = (await server.call<{ id: string }>("POST", "/runs", { experiment: "charts" })).id;
  await server.call("POST", `/runs/${run}/log`, { points: points(0, 3_000) });
});

afterAll(() => server.stop());

/** The page of the run with its first chart. */
async function charts(query = ""): Promise<Page> {
  const page = await open(`${server.url}/runs/${run}?tab=charts${query}`);
  await page.locator(".chart-plot canvas").first().waitFor();
  await page.locator(".chart-summary", { hasText: "max 50 at 777" }).waitFor({ state: "attached" });
  return page;
}

function query(page: Page): string {
  return new URL(page.url()).searchParams.get("run.charts") ?? "";
}

it("a spike among thousands of points is drawn and said, and names stay text", async () => {
  const page = await charts();
  const colours = await page.locator(".chart-plot canvas").first().evaluate((canvas: HTMLCanvasElement) => {
    const data = canvas.getContext("2d")?.getImageData(0, 0, canvas.width, canvas.height).data ?? [];
    const found = new Set<string>();
    for (let at = 0; at < data.length; at += 4) if ((data[at + 3] ?? 0) > 0) found.add(`${data[at]} ${data[at + 1]} ${data[at + 2]}`);
    return found.size;
  });
  expect(colours).toBeGreaterThan(5);
  expect(await page.locator(".chart-title").allTextContents()).toContain(`other/${NAME}`);
});

it("a line that is alone is solid, whichever run it is of", async () => {
  const page = await charts();
  for (let turn = 0; turn < 6; turn += 1) {
    const { id } = await server.call<{ id: string }>("POST", "/runs", { experiment: "charts" });
    await server.call("POST", `/runs/${id}/log`, { points: [{ metric: "loss", value: 1, step: 0 }, { metric: "loss", value: 2, step: 1 }] });
    await page.goto(`${server.url}/runs/${id}?tab=charts`);
    const swatch = page.locator(".chart-legend .chart-swatch line").first();
    await swatch.waitFor({ state: "attached" });
    expect(await swatch.getAttribute("stroke-dasharray"), id).toBe("");
  }
});

it("keys change how all charts are looked at, and the address keeps it", async () => {
  const page = await charts();
  await page.keyboard.press("y");
  await expect.poll(() => query(page)).toBe("ylog");
  await page.reload();
  await page.getByRole("switch", { name: "log y" }).waitFor();
  expect(await page.getByRole("switch", { name: "log y" }).isChecked()).toBe(true);
  await page.keyboard.press("y");
  await expect.poll(() => query(page)).toBe("");
});

it("dragging zooms, and z shows everything again", async () => {
  const page = await charts();
  const box = await page.locator(".chart-plot .u-over").first().boundingBox();
  if (box === null) throw new Error("the plot has no place");
  await page.mouse.move(box.x + box.width * 0.2, box.y + box.height / 2);
  await page.mouse.down();
  await page.mouse.move(box.x + box.width * 0.4, box.y + box.height / 2, { steps: 4 });
  await page.mouse.up();
  await expect.poll(() => query(page)).toMatch(/^z=\d/);
  const [from = 0, to = 0] = query(page).slice(2).split("~").map(Number);
  expect(from).toBeGreaterThan(400);
  expect(to).toBeLessThan(1_400);
  await page.mouse.move(0, 0);
  await page.keyboard.press("z");
  await expect.poll(() => query(page)).toBe("");
});

it("t goes on to the next axis, s smooths, and one crosshair stands in all charts", async () => {
  const page = await charts();
  for (const expected of ["x=relative", "x=time", ""]) {
    await page.keyboard.press("t");
    await expect.poll(() => query(page)).toBe(expected);
  }
  for (const expected of ["s=0.6", "s=0.9", "s=0.99", ""]) {
    await page.keyboard.press("s");
    await expect.poll(() => query(page)).toBe(expected);
  }
  await page.locator(".chart-plot .u-over").first().hover();
  await expect.poll(() => page.locator(".chart-readings").count()).toBe(2);
  const places = await page.locator(".chart-readings-place").allTextContents();
  expect(new Set(places).size).toBe(1);
});

it("a chart is a table, and a file of real lines", async () => {
  const page = await charts();
  const chart = page.locator(".chart").first();
  const saved = page.waitForEvent("download");
  await chart.getByRole("button", { name: "Save chart" }).click();
  await page.getByRole("menuitem", { name: "Save SVG" }).click();
  const svg = readFileSync(await (await saved).path(), "utf8");
  expect(svg).toMatch(/^<svg [^>]*viewBox/);
  expect(svg).toContain('<path d="M');
  expect(svg).toContain(">loss</text>");
  await chart.getByRole("button", { name: "View as table" }).click();
  await chart.getByRole("columnheader", { name: "mean" }).waitFor();
});

it("what is logged while somebody looks is drawn", async () => {
  const page = await charts();
  await server.call("POST", `/runs/${run}/log`, { points: [{ metric: "loss", value: -3, step: 3_000 }] });
  await page.locator(".chart-summary", { hasText: "last −3, min −3 at 3000" }).waitFor({ state: "attached" });
});
