/**
 * The page of analytics in a browser: figures, charts, the calendar and the runs behind them.
 *
 * Invariant: what is expected is asked of other parts of the interface than the page asks.
 */
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { expectAccessible } from "./support/access";
import { open } from "./support/browser";
import { Server } from "./support/server";

interface Runs {
  total: number;
  items: { name: string; created: string }[];
}

let server: Server;
let runs: Runs;
beforeAll(async () => {
  server = await Server.start();
  runs = await server.call<Runs>("GET", "/runs?limit=200");
});
afterAll(() => server?.stop());

describe("analytics", () => {
  it("counts the runs of the store, draws them and tells them apart by experiment", async () => {
    const page = await open(`${server.url}/analytics?range=365d`);
    const tile = page.locator(".analytics-tile").filter({ has: page.getByText("Runs", { exact: true }) });
    await expect.poll(() => tile.locator(".analytics-figure").textContent()).toBe(String(runs.total));
    for (const title of ["Runs begun", "Success", "How long runs take", "Calendar"]) {
      await page.getByRole("heading", { name: title, exact: true }).waitFor();
    }
    const figures = page.getByRole("grid", { name: "Figures by experiment" });
    const digits = await server.call<{ total: number }>("GET", "/runs?experiment=digits&limit=1");
    const row = figures.getByRole("row", { name: /digits/ });
    expect(await row.getByRole("gridcell").nth(1).textContent()).toBe(String(digits.total));
    await expectAccessible(page);
  });

  it("lists the runs of a stretch and of a day by keys alone, and goes to one of them", async () => {
    const page = await open(`${server.url}/analytics?range=365d&bucket=month`);
    const chart = page.getByRole("img", { name: /^Runs begun\./ });
    await chart.focus();
    await page.keyboard.press("Home");
    await page.keyboard.press("End");
    await page.keyboard.press("Enter");
    const list = page.getByRole("region", { name: /^Runs that began/ });
    await expect.poll(() => list.getByRole("grid").getAttribute("aria-rowcount")).toBe(String(runs.total + 1));
    await expectAccessible(page);
    await page.getByRole("button", { name: "Close the list" }).press("Enter");
    await expect.poll(() => list.count()).toBe(0);

    const days = page.locator(".calendar-day[role=button][tabindex='0']");
    await days.focus();
    await page.keyboard.press("ArrowUp");
    await expect.poll(() => days.getAttribute("data-day")).toBe("363");
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("Enter");
    await list.waitFor();
    expect(new URL(page.url()).searchParams.get("day")).toMatch(/^\d+\.\.\d+$/);
  });

  it("has the figures of a chart as a table, narrowed by what the address says", async () => {
    const page = await open(`${server.url}/analytics?range=365d&bucket=month&by=user&experiment=digits`);
    await page.getByRole("heading", { name: "By user" }).waitFor();
    expect(await page.getByLabel("Experiment", { exact: true }).inputValue()).toBe("digits");
    await page.getByRole("button", { name: "As a table" }).first().press("Enter");
    const table = page.getByRole("region", { name: "Runs begun as a table" });
    await expect.poll(() => table.locator("tbody tr").count()).toBeGreaterThan(11);
    const heads = await table.locator("thead th").allTextContents();
    expect(heads).toContain("completed");
    await page.getByRole("button", { name: "7 days" }).press("Enter");
    await expect.poll(() => new URL(page.url()).searchParams.get("range")).toBe("7d");
    await expect.poll(() => page.getByRole("button", { name: "7 days" }).getAttribute("aria-pressed")).toBe("true");
  });

  it("is of the moment of the page, and fits a telephone", async () => {
    const page = await open(`${server.url}/analytics?range=365d&at=1`, { viewport: { width: 360, height: 740 } });
    await page.getByText("as the store was then").waitFor();
    await expect.poll(() => page.locator(".analytics-figure").first().textContent()).toBe("0");
    await page.getByRole("button", { name: "Back to now" }).click();
    await expect.poll(() => page.locator(".analytics-figure").first().textContent()).toBe(String(runs.total));
    expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBeLessThanOrEqual(0);
    await expectAccessible(page);
  });
});
