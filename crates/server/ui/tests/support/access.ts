/**
 * Whether everybody can use a page, as far as a program can tell.
 *
 * Invariant: it is looked at in both themes, by the rules of WCAG 2.2 AA.
 */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

import type { Page } from "playwright-core";
import { expect } from "vitest";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
const LOOKS = 3;

interface Violation {
  id: string;
  help: string;
  nodes: { target: string[]; failureSummary: string }[];
}

/** What axe finds in somebody's way now. */
async function violations(page: Page, theme: string): Promise<string[]> {
  const found = await page.evaluate(async (rules) => {
    const axe = (globalThis as unknown as { axe: { run(options: unknown): Promise<{ violations: Violation[] }> } }).axe;
    return (await axe.run({ runOnly: { type: "tag", values: rules } })).violations;
  }, RULES);
  return found.flatMap(({ id, help, nodes }) =>
    nodes.slice(0, 5).map((node) => `${theme}: ${id}: ${help}: ${node.target.join(" ")}: ${node.failureSummary}`),
  );
}

/** Fails with what stands in somebody's way on the page as it is, in both themes. */
export async function expectAccessible(page: Page): Promise<void> {
  for (const theme of ["light", "dark"] as const) {
    await page.emulateMedia({ colorScheme: theme, reducedMotion: "reduce" });
    // What is evaluated by the test is not what the policy of the page forbids.
    await page.evaluate(AXE);
    // What comes in while it is looked at is half old and half new to axe: only what stays is in somebody's way.
    let told = await violations(page, theme);
    for (let again = 1; told.length > 0 && again < LOOKS; again += 1) told = await violations(page, theme);
    expect(told).toEqual([]);
  }
  await page.emulateMedia({ colorScheme: "light" });
}
