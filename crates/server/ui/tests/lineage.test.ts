/**
 * The page of lineage in a browser: the graph by keyboard, its list, its time line, and everybody's way to them.
 *
 * Invariant: what is expected is what the demonstration's store has, asked of the server and not written here.
 */
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { expectAccessible } from "./support/access";
import { expectComplaints, open } from "./support/browser";
import { Server } from "./support/server";

let server: Server;
beforeAll(async () => {
  server = await Server.start();
});
afterAll(() => server?.stop());

interface Told {
  nodes: { node: string; name: string; kind: string }[];
}

const told = (): Promise<Told> => server.call<Told>("GET", "/lineage/exp:digits");

describe("lineage", () => {
  it("shows what hangs together and what is affected", async () => {
    const { nodes } = await told();
    const page = await open(`${server.url}/lineage?node=exp:digits`);
    const canvas = page.locator("canvas.lineage-canvas");
    await expect.poll(() => canvas.getAttribute("aria-label")).toContain(`Graph of ${nodes.length} things`);
    await expect.poll(async () => Number(await canvas.getAttribute("data-drawn"))).toBeGreaterThan(1);
    const affected = page.getByRole("region", { name: "Affected when it is bad" });
    const runs = nodes.filter(({ kind }) => kind === "run").length;
    await expect.poll(() => affected.textContent()).toContain(`${runs} runs`);
    await expectAccessible(page);
  });

  it("is walked through by arrows and opened by Enter", async () => {
    const page = await open(`${server.url}/lineage?node=exp:digits`);
    const canvas = page.locator("canvas.lineage-canvas");
    await expect.poll(async () => Number(await canvas.getAttribute("data-drawn"))).toBeGreaterThan(1);
    await canvas.focus();
    await page.keyboard.press("ArrowRight");
    await expect.poll(() => new URL(page.url()).searchParams.get("thing")).toMatch(/^run:/);
    await page.keyboard.press("ArrowLeft");
    await expect.poll(() => new URL(page.url()).searchParams.get("thing")).toBeNull();
    await page.keyboard.press("ArrowRight");
    await page.keyboard.press("Enter");
    await expect.poll(() => new URL(page.url()).pathname).toMatch(/^\/runs\//);
  });

  it("is a list and a time line of the same things", async () => {
    const { nodes } = await told();
    const page = await open(`${server.url}/lineage?node=exp:digits&look=list`);
    const grid = page.getByRole("grid", { name: "Things of the graph" });
    await expect.poll(() => grid.getAttribute("aria-rowcount")).toBe(String(nodes.length + 1));
    await expectAccessible(page);
    await page.goto(`${server.url}/lineage?node=exp:digits&look=timeline`);
    await expect.poll(() => page.locator(".lineage-mark").count()).toBeGreaterThan(1);
    await page.locator(".lineage-mark").nth(1).focus();
    await page.keyboard.press("Enter");
    await expect.poll(() => new URL(page.url()).searchParams.get("thing")).not.toBeNull();
    await expectAccessible(page);
  });

  it("begins with a choice, and fits a telephone", async () => {
    // The browser tells of what the server does not find.
    expectComplaints(/status of 404/);
    const page = await open(`${server.url}/lineage`, { viewport: { width: 360, height: 740 } });
    await page.getByLabel("Begin with").fill("exp:digits");
    await page.keyboard.press("Enter");
    await expect.poll(() => page.locator("canvas.lineage-canvas").count()).toBe(1);
    expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBeLessThanOrEqual(0);
    await page.goto(`${server.url}/lineage?node=run:nobody`);
    await expect.poll(() => page.getByRole("alert").textContent()).toContain("nobody");
  });
});

describe("the program of the layout", () => {
  it("runs under the policy of the page as it is served, beside the page and without a breach", async () => {
    // The page that is part of the program: what stands before it in other tests has no policy.
    const page = await open("about:blank");
    const breaches: string[] = [];
    await page.exposeFunction("breach", (what: string) => breaches.push(what));
    await page.addInitScript(() => {
      const tell = (globalThis as unknown as { breach(what: string): void }).breach;
      addEventListener("securitypolicyviolation", (event) => tell(`${event.violatedDirective} ${event.blockedURI}`));
    });
    const { nodes } = await told();
    const worker = page.waitForEvent("worker");
    const answer = await page.goto(`${server.origin}/lineage?node=exp:digits`);
    expect(answer?.headers()["content-security-policy"]).toContain("default-src 'none'");
    expect(new URL((await worker).url()).origin).toBe(new URL(server.origin).origin);
    const canvas = page.locator("canvas.lineage-canvas");
    await expect.poll(() => canvas.getAttribute("aria-label")).toContain(`Graph of ${nodes.length} things`);
    await expect.poll(async () => Number(await canvas.getAttribute("data-drawn"))).toBeGreaterThan(1);
    expect(breaches).toEqual([]);
  });
});
