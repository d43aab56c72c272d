/**
 * Runs that the tests of the workspace look at.
 *
 * Invariant: they are made through the interface, so what the tests see is what any client could have written.
 */
import type { Page } from "playwright-core";

import type { Server } from "../support/server";

/** Makes an experiment and answers its id. */
export async function experiment(server: Server, name: string, goal?: { metric: string; direction: string }): Promise<number> {
  const made = await server.call<{ id: number }>("POST", "/experiments", { name, ...(goal === undefined ? {} : { goal }) });
  return made.id;
}

/** Makes a run with a loss, and answers its id. */
export async function run(
  server: Server,
  experimentName: string,
  name: string,
  params: Record<string, unknown> = {},
  loss: number | string = 1,
): Promise<string> {
  const { id } = await server.call<{ id: string }>("POST", "/runs", { experiment: experimentName, name, params });
  await server.call("POST", `/runs/${id}/log`, { points: [{ metric: "loss", value: loss, step: 1 }] });
  return id;
}

/** Eight runs in two kinds, oldest first. */
export async function eight(server: Server, name: string): Promise<{ id: number; runs: string[] }> {
  const id = await experiment(server, name, { metric: "loss", direction: "min" });
  const runs: string[] = [];
  for (let at = 1; at <= 8; at += 1) {
    const params = { lr: at / 10, opt: at % 2 === 0 ? "adam" : "sgd", seed: 1 };
    runs.push(await run(server, name, `run ${at}`, params, 10 - at));
  }
  return { id, runs };
}

/** The names of the runs that are drawn, from the top; a name stands behind the mark of a baseline. */
export async function names(page: Page): Promise<string[]> {
  const rows = await page.locator(".runs-row[aria-rowindex]").evaluateAll((found) =>
    found
      .map((row) => ({ place: Number(row.getAttribute("aria-rowindex")), text: row.querySelector(".runs-name")?.lastChild?.textContent ?? "" }))
      .sort((a, b) => a.place - b.place)
      .map((row) => row.text),
  );
  return rows;
}

/** Waits until the first rows have these names. */
export async function waitForNames(page: Page, wanted: readonly string[]): Promise<void> {
  await page.waitForFunction((expected) => {
    const rows = [...document.querySelectorAll(".runs-row[aria-rowindex]")];
    const text = (place: number): string | undefined =>
      rows.find((row) => row.getAttribute("aria-rowindex") === String(place + 2))?.querySelector(".runs-name")?.lastChild?.textContent ?? undefined;
    return expected.every((name, place) => text(place) === name);
  }, wanted);
}
