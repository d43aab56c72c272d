/** The keys of a page. Invariant: what a key does can be read at every width, however long its command is. */
import { afterAll, beforeAll, expect, test } from "vitest";

import { expectAccessible } from "../support/access";
import { open } from "../support/browser";
import { Server } from "../support/server";

let server: Server;
let workspace: string;
beforeAll(async () => {
  server = await Server.start();
  const { items } = await server.call<{ items: { id: string; experiment: string }[] }>("GET", "/runs?limit=40");
  const ids = items.map((run) => run.id);
  const experiments = await server.call<{ items: { id: number; name: string }[] }>("GET", "/experiments");
  const experiment = experiments.items.find(({ name }) => name === items[0]?.experiment)?.id;
  // All of them selected, so that commands name them all.
  workspace = `${server.url}/experiments/${experiment}?runs=${ids.join(",")}`;
});
afterAll(() => server?.stop());

// On a telephone the longest may take a second line.
test.each([[360, 2], [720, 1], [1_280, 1], [3_840, 1]])("at a width of %i a title has at most so many lines: %i", async (width, most) => {
  const page = await open(workspace, { viewport: { width, height: 800 } });
  await page.locator(".runs-row .runs-name").first().waitFor();
  await page.keyboard.press("?");
  const dialog = page.getByRole("dialog", { name: "Keys of this page" });
  await dialog.getByRole("cell", { name: "Compare the selected runs" }).waitFor();
  const told = await dialog.evaluate((element) => {
    const titles = [...element.querySelectorAll<HTMLElement>(".shell-keys tbody td:nth-child(2)")];
    const lines = (cell: HTMLElement): number => {
      const range = document.createRange();
      range.selectNodeContents(cell);
      return new Set([...range.getClientRects()].map(({ top }) => Math.round(top))).size;
    };
    const body = element.querySelector(".dialog-body") as HTMLElement;
    return { lines: titles.map((cell) => [lines(cell), cell.textContent] as const), count: titles.length, over: body.scrollWidth - body.clientWidth };
  });
  expect(told.count).toBeGreaterThan(20);
  expect(told.lines.filter(([lines]) => lines > most)).toEqual([]);
  expect(told.lines.filter(([lines]) => lines > 1).length).toBeLessThanOrEqual(most === 1 ? 0 : 3);
  expect(told.over).toBeLessThanOrEqual(0);
  if (width === 360) await expectAccessible(page);
});
