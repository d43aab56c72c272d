/**
 * What a chart is taken along as: files that open, commands that run, snippets that are read.
 *
 * Invariant: nothing is taken on trust: the command is run by a shell, Python reads its snippet, the browser the images.
 */
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";

import type { Page } from "playwright-core";
import { afterAll, beforeAll, expect, it } from "vitest";

import { newBrowser } from "../support/browser";
import { binary, Server } from "../support/server";

const METRIC = "it's a/\"loss\"";
let server: Server;
let run: string;

beforeAll(async () => {
  server = await Server.start({ store: "empty" });
  await server.call("POST", "/experiments", { name: "exports" });
  run = (await server.call<{ id: string }>("POST", "/runs", { experiment: "exports", name: "elk | 100 %" })).id;
  const points = Array.from({ length: 40 }, (_, step) => ({ metric: METRIC, value: step === 7 ? 0.5 : 2 - step / 40, step }));
  await server.call("POST", `/runs/${run}/log`, { points });
});

afterAll(() => server?.stop());

/** The chart of the run, over a part of its steps. */
async function chart(): Promise<Page> {
  const page = await (await newBrowser({ permissions: ["clipboard-read", "clipboard-write"] })).newPage();
  await page.goto(`${server.url}/runs/${run}?tab=charts&run.charts=${encodeURIComponent("z=5~9")}`);
  await page.locator(".chart-plot canvas").first().waitFor();
  await page.locator(".chart-summary", { hasText: "min 0.5 at 7" }).waitFor({ state: "attached" });
  return page;
}

async function copied(page: Page, form: string): Promise<string> {
  await page.evaluate(() => navigator.clipboard.writeText(""));
  await page.locator(".chart").first().getByRole("button", { name: "Copy as" }).click();
  await page.getByRole("menuitem", { name: form, exact: true }).click();
  await expect.poll(() => page.evaluate(() => navigator.clipboard.readText())).not.toBe("");
  return page.evaluate(() => navigator.clipboard.readText());
}

async function saved(page: Page, form: string): Promise<Buffer> {
  const file = page.waitForEvent("download");
  await page.locator(".chart").first().getByRole("button", { name: "Save chart" }).click();
  await page.getByRole("menuitem", { name: form, exact: true }).click();
  return readFileSync(await (await file).path());
}

it("the SVG opens in a browser, with its title, its axes and its line", async () => {
  const page = await chart();
  const svg = (await saved(page, "Save SVG")).toString("utf8");
  const found = await page.evaluate((text) => {
    const read = new DOMParser().parseFromString(text, "image/svg+xml");
    return {
      error: read.querySelector("parsererror")?.textContent ?? null,
      title: read.querySelector("title")?.textContent,
      texts: [...read.querySelectorAll("text")].map((each) => each.textContent),
      lines: [...read.querySelectorAll("path")].filter((each) => (each.getAttribute("d")?.match(/L/g)?.length ?? 0) >= 4).length,
    };
  }, svg);
  expect(found.error).toBeNull();
  expect(found.title).toBe(METRIC);
  // The x axis from step 5 to 9 and its name, the y axis, and the name of the run.
  expect(found.texts).toEqual(expect.arrayContaining([METRIC, "5", "9", "step", "1", "min 0.5"]));
  expect(found.texts.some((text) => text?.startsWith("elk | 100 %"))).toBe(true);
  expect(found.lines).toBeGreaterThan(0);
});

it("the PNG is an image of twice the size, with the line in it", async () => {
  const page = await chart();
  const png = await saved(page, "Save PNG");
  expect(png.subarray(1, 4).toString()).toBe("PNG");
  const found = await page.evaluate(async (base64) => {
    const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
    const image = await createImageBitmap(new Blob([bytes], { type: "image/png" }));
    const context = new OffscreenCanvas(image.width, image.height).getContext("2d");
    context?.drawImage(image, 0, 0);
    const { data } = context?.getImageData(0, 0, image.width, image.height) ?? { data: [] };
    let coloured = 0;
    for (let at = 0; at < data.length; at += 4) if (Math.max(data[at]!, data[at + 1]!, data[at + 2]!) - Math.min(data[at]!, data[at + 1]!, data[at + 2]!) > 60) coloured += 1;
    return { size: [image.width, image.height], coloured };
  }, png.toString("base64"));
  expect(found.size).toEqual([1_920, 960]);
  // Axes and texts are grey: what has a colour is the line.
  expect(found.coloured).toBeGreaterThan(1_000);
});

it("CSV, Markdown and LaTeX have the numbers that are seen", async () => {
  const page = await chart();
  const csv = (await saved(page, "Save CSV")).toString("utf8");
  const rows = csv.trim().split("\n").map((line) => line.split(","));
  expect(rows[0]).toEqual(["run", "step", "last", "min", "max", "mean", "count"]);
  expect(rows.find((row) => row[1] === "7")?.slice(1)).toEqual(["7", "0.5", "0.5", "0.5", "0.5", "1"]);
  const markdown = await copied(page, "Markdown table");
  expect(markdown.split("\n")[1]).toMatch(/^\| --- \| ---: \|/);
  expect(markdown).toContain("| elk \\| 100 %");
  const latex = await copied(page, "LaTeX table");
  expect(latex).toContain("\\begin{tabular}{lrrrrrr}");
  expect(latex).toContain("elk | 100 \\%");
  expect(await copied(page, "Link")).toBe(page.url());
});

it("the command runs and prints the points that are seen", async () => {
  const command = await copied(await chart(), "Command");
  // The program under its name, on the store of this test.
  const done = spawnSync("sh", ["-c", `mltrack() { "$PROGRAM" -C "$STORE" "$@"; }\n${command}`], {
    encoding: "utf8",
    env: { ...process.env, PROGRAM: binary(), STORE: server.store },
  });
  expect(done.stderr).toBe("");
  const printed = done.stdout.trim().split("\n").map((line) => line.split("\t"));
  expect(printed.map((cells) => cells[1])).toEqual(["5", "6", "7", "8", "9"]);
  expect(printed[2]?.[3]).toBe("0.5");
});

it("Python can read its snippet, and Rust's names the same steps", async () => {
  const page = await chart();
  const python = await copied(page, "Python");
  const read = spawnSync("python3", ["-c", "import ast, sys; print([n.value for n in ast.walk(ast.parse(sys.stdin.read())) if isinstance(n, ast.Constant)])"], { input: python, encoding: "utf8" });
  expect(read.stderr).toBe("");
  expect(read.stdout).toContain("5, 10");
  expect(python).toContain("steps=range(5, 10)");
  const rust = await copied(page, "Rust");
  expect(rust).toContain('.history(run, "it\'s a/\\"loss\\"").steps(5..=9).fetch()?');
});
