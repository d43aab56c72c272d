/**
 * Every page of the program, for tests that look at all of them.
 *
 * Invariant: an address of each row of the routes is here, with what is there when the page can be used.
 */
import type { Page } from "playwright-core";
import { expect } from "vitest";

import type { Server } from "../support/server";

/** An address, and what is there when it can be used. */
export interface Place {
  readonly name: string;
  readonly path: string;
  readonly ready: string;
}

interface Listed {
  readonly items: readonly { readonly id: string }[];
}

/** Makes what the demonstration has none of, and tells every page. */
export async function everyPage(server: Server): Promise<readonly Place[]> {
  const runs = (await server.call<Listed>("GET", "/runs?limit=2&sort=name")).items.map(({ id }) => id);
  const [run = "", other = ""] = runs;
  const artifact = (await server.call<Listed>("GET", "/artifacts?limit=1")).items[0]?.id ?? "";
  await server.call("POST", "/datasets", { name: "numbers", description: "What is counted." });
  await server.call("POST", "/models", { name: "reader", description: "What reads." });
  const view = await server.call<{ id: string }>("POST", "/views", { name: "best", content: { address: "/experiments/1?sort=name" } });
  const tabs = ["overview", "charts", "system", "artifacts", "console", "environment", "lineage", "events"];
  const parts = ["events", "operations", "segments", "check"];
  const panel = "main [role=tabpanel]";
  return [
    { name: "experiments", path: "/", ready: "main a[href='/experiments/1']" },
    { name: "workspace", path: "/experiments/1", ready: ".runs-row[aria-rowindex]" },
    ...tabs.map((tab) => ({ name: `run, ${tab}`, path: `/runs/${run}?tab=${tab}`, ready: panel })),
    { name: "no run", path: "/compare", ready: "main h1" },
    { name: "compare", path: `/compare?runs=${run},${other}&baseline=${run}`, ready: "main [role=tabpanel], main table" },
    { name: "artifacts", path: "/artifacts", ready: "main [role=row]" },
    { name: "artifact", path: `/artifacts/${artifact}`, ready: "main h1" },
    { name: "datasets", path: "/datasets", ready: "main [role=row]" },
    { name: "dataset", path: "/datasets/numbers", ready: "main h1" },
    { name: "models", path: "/models", ready: "main [role=row]" },
    { name: "model", path: "/models/reader", ready: "main h1" },
    { name: "start of lineage", path: "/lineage", ready: "main input" },
    { name: "lineage", path: `/lineage?node=run:${run}`, ready: "canvas.lineage-canvas" },
    { name: "lineage as a list", path: `/lineage?node=run:${run}&look=list`, ready: "main [role=row]" },
    { name: "lineage as a time line", path: `/lineage?node=run:${run}&look=timeline`, ready: ".lineage-mark" },
    { name: "analytics", path: "/analytics", ready: "main section" },
    ...parts.map((part) => ({ name: `log, ${part}`, path: `/log?part=${part}`, ready: panel })),
    { name: "search", path: "/search?q=digits", ready: "main h1" },
    { name: "settings", path: "/settings", ready: "main h1" },
    { name: "view", path: `/v/${view.id}`, ready: ".runs-row[aria-rowindex]" },
  ];
}

/** Opens it, and waits until nothing of it is on its way. */
export async function visit(page: Page, server: Server, place: Place): Promise<void> {
  await page.goto(server.url + place.path);
  await page.locator(place.ready).first().waitFor();
  await expect.poll(() => page.locator("main [aria-busy=true]").count(), { message: place.name }).toBe(0);
}

/** By how many pixels the page is wider than its window. */
export const tooWide = (page: Page): Promise<number> => page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
