/**
 * Draws `docs/img/`: every page in both themes, in the order in which a newcomer meets them after `mltrack demo` and
 * `mltrack serve`. `MLTRACK_BINARY=.. npm run pictures [FOLDER]`
 *
 * Invariants: the store is that of `mltrack demo`, made by the program that also serves it; a picture is taken when the
 * page has nothing left to load, and never of a page that failed.
 */
import { spawn, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

import { chromium } from "playwright-core";

const PROGRAM = process.env.MLTRACK_BINARY ?? fileURLToPath(new URL("../../../../target/debug/mltrack", import.meta.url));
const FOLDER = process.argv[2] ?? fileURLToPath(new URL("../../../../docs/img", import.meta.url));
const VIEWPORT = { width: 1280, height: 800 };

/** A server over `store` and its address, which it says on its first lines. */
async function serve(store) {
  const server = spawn(PROGRAM, ["-C", store, "serve", "--port", "0"], { stdio: ["ignore", "pipe", "pipe"] });
  for (const stream of [server.stdout, server.stderr]) stream.setEncoding("utf8");
  const url = await new Promise((found, failed) => {
    server.once("exit", (code) => failed(new Error(`mltrack serve ended with ${code}`)));
    for (const stream of [server.stdout, server.stderr])
      createInterface({ input: stream }).on("line", (line) => {
        const shape = /http:\/\/[\w.:[\]]+/.exec(line);
        if (shape !== null) found(shape[0]);
      });
  });
  return { server, url };
}

async function ask(url, path) {
  const answer = await fetch(`${url}/api/v1${path}`);
  if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
  return answer.json();
}

/** The walk: the name of each picture, the address, and what is pressed before it is taken. */
async function walk(url) {
  const runs = (await ask(url, "/runs?limit=4")).items;
  const experiment = { id: runs[0].experiment.id ?? runs[0].experiment };
  const [dataset] = (await ask(url, "/datasets?limit=1")).items;
  const [model] = (await ask(url, "/models?limit=1")).items;
  const [artifact] = (await ask(url, "/artifacts?limit=1")).items;
  const id = runs[0].id;
  const all = runs.map((run) => run.id).join(",");
  return [
    ["experiments", "/"],
    ["workspace", `/experiments/${experiment.id}?runs=${all}`],
    ...["overview", "charts", "system", "artifacts", "console", "environment", "lineage", "events"].map((tab) => [`run-${tab}`, `/runs/${id}?tab=${tab}`]),
    ["compare", `/compare?runs=${all}`],
    ["artifacts", "/artifacts"],
    ["artifact", `/artifacts/${encodeURIComponent(artifact.id)}`],
    ["datasets", "/datasets"],
    ["dataset", `/datasets/${encodeURIComponent(dataset.name)}`],
    ["models", "/models"],
    ["model", `/models/${encodeURIComponent(model.name)}`],
    ["lineage", `/lineage?node=run:${id}`],
    ["analytics", "/analytics"],
    ["log", "/log"],
    ["search", "/search?q=mlp"],
    ["palette", "/", "Control+k"],
    ["keys", `/experiments/${experiment.id}`, "?"],
    ["settings", "/settings"],
  ];
}

/** Waits until nothing is loading any more, then two frames for what is drawn on canvas. */
async function settled(page) {
  await page.waitForFunction(() => {
    const state = window;
    const isBusy = document.querySelector(".skeleton, [aria-busy=true]") !== null || document.querySelector("main h1, main h2, main table") === null;
    const asked = performance.getEntriesByType("resource").length;
    const isQuiet = !isBusy && state.askedBefore === asked;
    state.askedBefore = asked;
    return isQuiet;
  }, undefined, { polling: 700 });
  await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
}

const folder = mkdtempSync(join(tmpdir(), "mltrack-pictures-"));
const store = join(folder, ".mltrack");
const made = spawnSync(PROGRAM, ["-C", store, "demo", "--epochs", process.env.MLTRACK_EPOCHS ?? "40"], { stdio: "inherit" });
if (made.status !== 0) throw new Error("mltrack demo failed: its message stands above");
const { server, url } = await serve(store);
const browser = await chromium.launch({ executablePath: "/usr/bin/chromium", args: ["--no-sandbox", "--disable-gpu"] });
mkdirSync(FOLDER, { recursive: true });
try {
  const places = await walk(url);
  for (const theme of ["light", "dark"]) {
    const page = await (await browser.newContext({ viewport: VIEWPORT, colorScheme: theme, reducedMotion: "reduce" })).newPage();
    for (const [name, address, key] of places) {
      await page.goto(url + address);
      await settled(page);
      if (key !== undefined) await page.keyboard.press(key);
      await page.screenshot({ path: join(FOLDER, `${name}-${theme}.png`) });
      console.log(`${name}-${theme}.png`);
    }
  }
} finally {
  await browser.close();
  const ended = new Promise((done) => server.once("exit", done));
  server.kill();
  await ended;
  rmSync(folder, { recursive: true, force: true });
}
