/**
 * What runs log beside numbers, and samples of the machine: matrices whose cells open, images in one place, steps.
 *
 * Invariant: matrices and the samples behind them are logged by the libraries alone, so that the answers about them are
 * given here in the interface's own form; everything else comes from a real server, and texts, tables and images from a
 * real store in `media-real.test.ts`.
 */
import type { Page } from "playwright-core";
import { afterAll, beforeAll, expect, it } from "vitest";

import { PICTURE } from "../run/made";
import { expectAccessible } from "../support/access";
import { newBrowser, open } from "../support/browser";
import { Server } from "../support/server";

let server: Server;
const runs: string[] = [];
const BEGIN_MS = Date.UTC(2026, 0, 1);

beforeAll(async () => {
  server = await Server.start({ store: "empty" });
  await server.call("POST", "/experiments", { name: "media" });
  for (const name of ["first", "second"]) {
    const { id } = await server.call<{ id: string }>("POST", "/runs", { experiment: "media", name, started: new Date(BEGIN_MS).toISOString() });
    // A step each second up to 50, and then one each 10 s: the machine is sampled each 25 s.
    const timeOf = (step: number) => BEGIN_MS + 1_000 * (step <= 50 ? step : 50 + (step - 50) * 10);
    const points = Array.from({ length: 101 }, (_, step) => ({ metric: "loss", value: 1 / (1 + step), step, time_ms: timeOf(step) }));
    const samples = Array.from({ length: 20 }, (_, step) => ({ metric: "system/cpu", value: step === 4 ? 99 : 10 + step, step, time_ms: BEGIN_MS + step * 25_000 }));
    await server.call("POST", `/runs/${id}/log`, { points: [...points, ...samples] });
    runs.push(id);
  }
});

afterAll(() => server?.stop());

const time = "2026-01-01T00:00:00Z";
const VALUES = [0, 100].flatMap((step) => [
  { name: "confusion", step, time, lsn: 1, value: { mltrack: "confusion_matrix", labels: ["cat", "dog"], counts: [[8, 2], [1, 9 + step]] } },
  { name: "words", step, time, lsn: 1, value: { mltrack: "text", text: `said at ${step}` } },
]);
const TABLE = { name: "guesses", step: 100, time, lsn: 1, value: { mltrack: "table", columns: ["id", "actual", "predicted"], rows: [[7, "cat", "dog"], [8, "dog", "dog"]] } };

function artifact(run: string, step: number, version: number) {
  return { id: `artifact-${run}-${step}`, run, run_name: "", path: "media/sample.png", version, kind: "image", media_type: "image/png", bytes: 70, blake3: "", step, lsn: 1, logged: time };
}

/** A page of media of the runs; `hasTable` with the samples behind the matrix. */
async function media(names: readonly string[], hasTable: boolean, reducedMotion: "reduce" | "no-preference" = "no-preference"): Promise<Page> {
  const page = await (await newBrowser({ reducedMotion })).newPage();
  await page.route(/\/api\/v1\/runs\/[^/]+\/values\?/, (route) => route.fulfill({ json: { items: hasTable ? [...VALUES, TABLE] : VALUES, next: null, lsn: 1 } }));
  await page.route(/\/api\/v1\/runs\/[^/]+\/artifacts\?/, (route) => {
    const address = new URL(route.request().url());
    // Without its versions a file of one path would be there once, whatever the step.
    expect(address.searchParams.get("versions")).toBe("true");
    const run = address.pathname.split("/")[4] ?? "";
    return route.fulfill({ json: { items: [artifact(run, 0, 1), artifact(run, 100, 2)], next: null, lsn: 1 } });
  });
  await page.route(/\/api\/v1\/artifacts\/[^/]+\/bytes/, (route) => route.fulfill({ body: PICTURE, contentType: "image/png" }));
  await page.goto(`${server.url}/compare?runs=${names.join(",")}&view=charts&compare.draw=media`);
  await page.getByRole("heading", { name: /^Compare/, level: 1 }).waitFor();
  return page;
}

it("Enter on a cell of a confusion matrix opens its samples, and a click on another its numbers", async () => {
  const page = await media([runs[0] ?? ""], true);
  const canvas = page.locator(".chart-canvas").first();
  await canvas.focus();
  // The cells in their order: the second is cats that were taken for dogs.
  await page.keyboard.press("ArrowRight");
  await page.keyboard.press("ArrowRight");
  await page.keyboard.press("Enter");
  const cell = page.getByRole("region", { name: "cat taken for dog" });
  await cell.getByText("2 of 10 that are cat (20.0 %), 2 of 111 taken for dog (1.8 %)").waitFor();
  await cell.getByText("guesses: 1 row").waitFor();
  await expect.poll(() => cell.getByRole("gridcell").allTextContents()).toEqual(["7", "cat", "dog"]);
  await expectAccessible(page);
  await page.keyboard.press("Escape");
  await expect.poll(() => cell.count()).toBe(0);
  const box = await canvas.boundingBox();
  if (box === null) throw new Error("the matrix has no place");
  await canvas.click({ position: { x: Math.min(140, box.width * 0.28) + 8, y: 52 } });
  await page.getByRole("region", { name: "cat taken for cat" }).getByText("8 of 10 that are cat (80.0 %), 8 of 9 taken for cat (88.9 %)").waitFor();
});

it("a cell without samples says that there are none, and what the other run has", async () => {
  const page = await media(runs, false);
  await page.locator(".chart-canvas").first().focus();
  await page.keyboard.press("ArrowRight");
  await page.keyboard.press("Enter");
  const cell = page.getByRole("region", { name: "cat taken for cat" });
  await cell.getByText(/logged no table at this step/).waitFor();
  await cell.getByText(/^second .*8 of 10 that are cat/).waitFor();
});

it("one slider moves images, texts and matrices, and a file of one path is there at each step", async () => {
  const page = await media(runs, false);
  await page.getByText("said at 100").first().waitFor();
  expect(await page.getByText("said at 100").count()).toBe(2);
  await page.getByRole("img", { name: "media/sample.png at step 100" }).first().waitFor();
  await page.getByLabel("Step 100").focus();
  await page.keyboard.press("Home");
  await expect.poll(() => page.getByText("said at 0").count()).toBe(2);
  await expect.poll(() => page.getByRole("img", { name: "media/sample.png at step 0" }).count()).toBe(2);
});

it("b blinks between the images of two runs, by itself and by hand", async () => {
  const page = await media(runs, false);
  await page.getByRole("img", { name: "media/sample.png at step 100" }).first().waitFor();
  await page.keyboard.press("b");
  const shown = page.locator(".chart-media-pair");
  await expect.poll(() => shown.getAttribute("data-shown")).toBe("1");
  await expect.poll(() => shown.getAttribute("data-shown")).toBe("0");
  await page.getByRole("button", { name: "Stop" }).click();
  const at = await shown.getAttribute("data-shown");
  await page.keyboard.press("b");
  await expect.poll(() => shown.getAttribute("data-shown")).not.toBe(at);
  await page.getByLabel("Images").selectOption("difference");
  await page.getByText(/equal is black/).waitFor();
  await expectAccessible(page);
});

it("who wants no motion changes between two steps by hand alone", async () => {
  const page = await media([runs[0] ?? ""], false, "reduce");
  await page.getByLabel("Images").selectOption("blink");
  const shown = page.locator(".chart-media-pair");
  expect(await shown.getAttribute("data-shown")).toBe("0");
  expect(await page.getByRole("button", { name: "Stop" }).count()).toBe(0);
  // The other is that of the step of the second slider: the first that there is.
  await page.getByLabel("Other step 0").waitFor();
  await page.getByRole("button", { name: "Show the other (b)" }).click();
  await expect.poll(() => shown.getAttribute("data-shown")).toBe("1");
  await page.locator("figure").getByText("step 0").waitFor();
});

it("samples of the machine stand at the steps of the training", async () => {
  const page = await open(`${server.url}/runs/${runs[0]}?tab=system`);
  await page.locator(".chart-summary", { hasText: "max 99 at 100" }).waitFor({ state: "attached" });
  await page.getByLabel("x axis").selectOption("step");
  // 100 s after the start the training was at step 55; the samples after its end have no step.
  const summary = page.locator(".chart-summary", { hasText: "max 99 at 55" });
  await summary.waitFor({ state: "attached" });
  await page.reload();
  await summary.waitFor({ state: "attached" });
  await page.getByLabel("Beside").selectOption("loss");
  await page.locator(".chart-summary", { hasText: "loss, 1 run" }).waitFor({ state: "attached" });
});
