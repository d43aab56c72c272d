/**
 * Texts, tables and pictures of steps as a real store has them, brought in from TensorBoard's files.
 *
 * Invariant: no answer is made up: what is shown went through the importer, the log, the index and the server.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import type { Page } from "playwright-core";
import { afterAll, beforeAll, expect, it } from "vitest";

import { PICTURE, SCRIPT } from "../run/made";
import { expectAccessible } from "../support/access";
import { open } from "../support/browser";
import { command, Server } from "../support/server";
import { eventFile, type Logged } from "../support/tensorboard";

let server: Server;
let runs: readonly string[] = [];

function loggedBy(name: string): Logged[] {
  return [0, 40, 100].flatMap((step): Logged[] => [
    { tag: "loss", step, scalar: 1 / (1 + step) },
    { tag: "words", step, texts: [[`${name} said at ${step} ${SCRIPT}`]] },
    { tag: "guesses", step, texts: [["7", "cat"], ["8", `dog ${step}`]] },
    { tag: "sample", step, image: PICTURE },
  ]);
}

beforeAll(async () => {
  server = await Server.start({
    store: "empty",
    prepare: (store) => {
      const folder = join(store, "..", "boards");
      for (const name of ["first", "second"]) {
        mkdirSync(join(folder, name), { recursive: true });
        writeFileSync(join(folder, name, "events.out.tfevents.1767225600.host"), eventFile(loggedBy(name)));
      }
      command(store, "import", "tensorboard", folder, "--into", "media");
    },
  });
  const { items } = await server.call<{ items: { id: string; name: string }[] }>("GET", "/runs?experiment=media&sort=name");
  runs = items.map(({ id }) => id);
  expect(runs).toHaveLength(2);
});
afterAll(() => server?.stop());

async function media(path: string): Promise<Page> {
  const page = await open(`${server.url}${path}`);
  await page.getByText("first said at 100").first().waitFor();
  return page;
}

async function expectHarmless(page: Page): Promise<void> {
  expect(await page.evaluate(() => (globalThis as { bad?: number }).bad)).toBeUndefined();
}

it("the media of two runs stand side by side, and one slider moves all of them", async () => {
  const page = await media(`/compare?runs=${runs.join(",")}&view=charts&compare.draw=media`);
  await page.getByText("second said at 100").first().waitFor();
  await expect.poll(() => page.getByRole("gridcell", { name: "dog 100" }).count()).toBe(2);
  const pictures = page.getByRole("img", { name: / at step 100$/ });
  await expect.poll(() => pictures.count()).toBe(2);
  // They are the bytes that were logged, and the browser can read them.
  const sizes = await pictures.evaluateAll((all) => all.map((each) => (each as HTMLImageElement).naturalWidth));
  expect(sizes).toEqual([1, 1]);
  await page.getByLabel("Step 100").focus();
  await page.keyboard.press("Home");
  await page.getByText("first said at 0").first().waitFor();
  await expect.poll(() => page.getByRole("img", { name: / at step 0$/ }).count()).toBe(2);
  await expect.poll(() => page.getByRole("gridcell", { name: "dog 0", exact: true }).count()).toBe(2);
  await expectHarmless(page);
  await expectAccessible(page);
});

it("a run has its media by step on its own page", async () => {
  const page = await open(`${server.url}/runs/${runs[0]}?tab=charts`);
  await page.getByRole("button", { name: "Images, sounds, texts and tables by step" }).click();
  await page.getByText("first said at 100").first().waitFor();
  await page.getByRole("img", { name: / at step 100$/ }).first().waitFor();
  await expectHarmless(page);
});
