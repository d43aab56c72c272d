/**
 * The page of the log in a browser: records, moments, operations and the check of every byte.
 *
 * Invariant: what is expected is what the interface answers, asked by the test itself.
 */
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { expectAccessible } from "./support/access";
import { open } from "./support/browser";
import { Server } from "./support/server";

let server: Server;
beforeAll(async () => {
  server = await Server.start();
});
afterAll(() => server?.stop());

/** The newest records; between two of them numbers may be left out. */
const newest = async (): Promise<{ lsn: number; payload: unknown }[]> =>
  (await server.call<{ items: { lsn: number; payload: unknown }[] }>("GET", "/records?limit=2")).items;

describe("the log", () => {
  it("shows how it is and its records, the newest first, one of them whole by keys", async () => {
    const [last, before] = await newest();
    const lsn = String(before?.lsn);
    const page = await open(`${server.url}/log`);
    const grid = page.getByRole("grid", { name: "Records, the newest first" });
    const first = grid.locator("[aria-rowindex='2']");
    await expect.poll(() => first.locator(".log-link").textContent()).toBe(String(last?.lsn));
    await expect.poll(() => page.locator(".log-facts").first().textContent()).toContain(String(last?.lsn).slice(-3));
    await first.focus();
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("Enter");
    const record = page.getByRole("region", { name: `Record ${lsn}`, exact: true });
    await expect.poll(() => record.locator(".log-json").textContent()).toBe(JSON.stringify(before?.payload, null, 2));
    expect(new URL(page.url()).searchParams.get("record")).toBe(lsn);
    await expectAccessible(page);
    await record.getByRole("button", { name: "Close the record" }).press("Enter");
    await expect.poll(() => record.count()).toBe(0);
  });

  it("is narrowed by type and text, and begins where one says", async () => {
    const page = await open(`${server.url}/log`);
    const grid = page.getByRole("grid", { name: "Records, the newest first" });
    await grid.waitFor();
    await page.getByRole("combobox", { name: "Type" }).selectOption("run_created");
    const { total } = await server.call<{ total: number }>("GET", "/runs?limit=1");
    await expect.poll(() => grid.getAttribute("aria-rowcount")).toBe(String(total + 1));
    const types = await grid.getByRole("row").locator("[aria-colindex='3'] .row").allTextContents();
    expect(new Set(types)).toEqual(new Set(["run created"]));
    await page.getByRole("searchbox", { name: "Text" }).fill("softmax-bold");
    await page.keyboard.press("Enter");
    await expect.poll(() => new URL(page.url()).searchParams.get("text")).toBe("softmax-bold");
    await expect.poll(() => grid.getAttribute("aria-rowcount")).toBe("2");
    await page.getByRole("button", { name: "All from the end" }).press("Enter");
    await page.getByLabel("From record").fill("3");
    await page.keyboard.press("Enter");
    await expect.poll(() => grid.locator("[aria-rowindex='2'] .log-link").textContent()).toBe("3");
    await expect.poll(() => grid.getAttribute("aria-rowcount")).toBe("4");
  });

  it("puts all pages at a moment by the keys of its line, and back to now", async () => {
    const page = await open(`${server.url}/log`);
    const line = page.getByRole("slider", { name: "Moment that all pages show" });
    await line.focus();
    await page.keyboard.press("Home");
    await expect.poll(() => new URL(page.url()).searchParams.get("at")).toBe("1");
    await expect.poll(() => page.locator(".shell-pinned").textContent()).toContain("As of lsn 1");
    await expectAccessible(page);
    await page.locator(".log-moment").getByRole("button", { name: "Back to now" }).press("Enter");
    await expect.poll(() => new URL(page.url()).searchParams.get("at")).toBeNull();
  });

  it("takes an operation back from where it stands", async () => {
    const { items } = await server.call<{ items: { id: string; name: string }[] }>("GET", "/runs?limit=1");
    const [run] = items;
    await server.call("PATCH", `/runs/${run?.id}`, { name: "named by mistake" });
    const page = await open(`${server.url}/log?part=operations`);
    const row = page.getByRole("grid", { name: "Operations, the newest first" }).getByRole("row").filter({ hasText: "named by mistake" });
    await row.getByRole("button", { name: "Undo", exact: true }).press("Enter");
    await expect.poll(async () => (await server.call<{ name: string }>("GET", `/runs/${run?.id}`)).name).toBe(run?.name);
    await row.getByText(/^undone by/).waitFor();
    await expectAccessible(page);
  });

  it("checks every byte, and names its segments, by arrows from part to part", async () => {
    const page = await open(`${server.url}/log?part=segments`);
    const segments = page.getByRole("grid", { name: "Segments, the newest first" });
    await segments.getByText("being written").waitFor();
    await expectAccessible(page);
    await page.getByRole("tab", { name: "Segments and snapshots" }).focus();
    await page.keyboard.press("ArrowRight");
    await page.getByRole("button", { name: "Read every byte" }).press("Enter");
    await page.locator(".log-check").getByText("sound", { exact: true }).waitFor();
    await page.getByText(/^Every byte of \d+ segment/).waitFor();
    await expectAccessible(page);
  });

  it("ends what does not fit with an ellipsis, and says the rest in a title", async () => {
    const name = "d".repeat(200);
    await server.call("POST", "/datasets", { name });
    const page = await open(`${server.url}/log?types=dataset_created`);
    const cell = page.getByRole("grid", { name: "Records, the newest first" }).locator("[aria-rowindex='2'] [aria-colindex='4']");
    const link = cell.locator("a");
    await link.waitFor();
    const look = await link.evaluate((element) => {
      const { textOverflow, overflowX } = getComputedStyle(element);
      const [own, around] = [element.getBoundingClientRect(), element.parentElement?.getBoundingClientRect()];
      return { textOverflow, overflowX, isInside: around !== undefined && own.right <= around.right + 0.5, isCut: element.scrollWidth > element.clientWidth };
    });
    expect(look).toEqual({ textOverflow: "ellipsis", overflowX: "hidden", isInside: true, isCut: true });
    expect(await link.getAttribute("title")).toBe(await link.textContent());
  });

  it("tells how it follows the log in the badge, which Space holds", async () => {
    const page = await open(`${server.url}/log`);
    const badge = page.locator(".shell-live");
    const newer = page.getByRole("button", { name: "Newer records" });
    await page.locator(".shell-live[data-state=live]").waitFor();
    await page.locator(".log-rows .table-row").first().waitFor();
    await page.keyboard.press("Space");
    await expect.poll(() => badge.getAttribute("data-state")).toBe("paused");
    const { id } = await server.call<{ id: number }>("POST", "/experiments", { name: "made while it was held" });
    // The stream has brought it once another tab of the same browser shows it.
    const other = await page.context().newPage();
    await other.goto(`${server.url}/`);
    await other.locator(`main a[href='/experiments/${id}']`).waitFor();
    expect(await newer.count()).toBe(0);
    await page.bringToFront();
    await page.locator("body").press("Space");
    await expect.poll(() => badge.getAttribute("data-state")).toBe("live");
    await newer.waitFor();
    await newer.click();
    await page.locator(".log-rows").getByText("made while it was held").first().waitFor();
  });

  it("fits a telephone", async () => {
    const page = await open(`${server.url}/log?record=2`, { viewport: { width: 360, height: 740 } });
    await page.getByRole("region", { name: "Record 2", exact: true }).locator(".log-json").waitFor();
    for (const part of ["Operations", "Segments and snapshots", "Check", "Records"]) {
      await page.getByRole("tab", { name: part }).click();
      await page.getByRole("tabpanel", { name: part }).waitFor();
      expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBeLessThanOrEqual(0);
    }
    await expectAccessible(page);
  });
});
