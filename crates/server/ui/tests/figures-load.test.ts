/**
 * Figures of the first load: bytes on the wire, and when a page is painted, readable and answers.
 *
 * Invariants: every round has a browser of its own that knows nothing; the server compresses as it does for browsers
 * elsewhere, and bytes are those that came over the wire, heads included; a page answers when a press of `?` brings the
 * help, pressed in every frame from the first on. It asserts the bytes, which no load changes, and no times. It runs
 * with MLTRACK_FIGURES=1.
 */
import type { CDPSession, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";

import { newBrowser } from "./support/browser";
import { HOUR_MS, IS_WANTED, looking, median, tell, TIMES } from "./support/figures";
import { Server } from "./support/server";

const BYTES_MAX = 120 * 1024;

let server: Server;
let run = "";
beforeAll(async () => {
  if (!IS_WANTED) return;
  server = await Server.start({ words: ["--compress", "always"] });
  run = (await server.call<{ items: { id: string }[] }>("GET", "/runs?limit=1")).items[0]?.id ?? "";
}, HOUR_MS);
afterAll(() => server?.stop());

interface Seen {
  /** Bytes of documents, scripts and styles; and of answers of the interface. */
  files: number;
  answers: number;
  requests: number;
  firstPaint: number;
  largestPaint: number;
  /** What tasks of the page took beyond 50 ms each, from the first paint on. */
  blocked: number;
  shift: number;
  readable: number;
  interactive: number;
}

/** Notes what a page tells of its load; with `isPressed`, presses `?` in every frame until that opens the help. */
async function watched(page: Page, content: string, isPressed: boolean): Promise<void> {
  await page.addInitScript(
    ([readable, pressed]) => {
      const seen = { firstPaint: 0, largestPaint: 0, shift: 0, readable: 0, interactive: 0, changed: 0, tasks: [] as [number, number][] };
      (window as unknown as { seen: typeof seen }).seen = seen;
      const observe = (type: string, each: (entry: PerformanceEntry & { value?: number; hadRecentInput?: boolean }) => void): void =>
        new PerformanceObserver((list) => {
          seen.changed = performance.now();
          list.getEntries().forEach(each);
        }).observe({ type, buffered: true });
      observe("paint", (entry) => entry.name === "first-contentful-paint" && (seen.firstPaint = entry.startTime));
      observe("largest-contentful-paint", (entry) => (seen.largestPaint = entry.startTime));
      observe("layout-shift", (entry) => entry.hadRecentInput !== true && (seen.shift += entry.value ?? 0));
      observe("longtask", (entry) => seen.tasks.push([entry.startTime, entry.duration]));
      const look = (): void => {
        if (seen.readable === 0 && document.querySelector(readable) !== null) seen.readable = performance.now();
        const isOpen = document.querySelector("dialog[open]") !== null;
        if (isOpen && seen.interactive === 0) seen.interactive = performance.now();
        const press = new KeyboardEvent("keydown", { key: "?", shiftKey: true, bubbles: true, cancelable: true });
        if (pressed && !isOpen) (document.body ?? document).dispatchEvent(press);
        if (seen.readable === 0 || (pressed && !isOpen)) requestAnimationFrame(look);
      };
      requestAnimationFrame(look);
    },
    [content, isPressed] as const,
  );
}

/** Counts what comes over the wire. */
async function counted(session: CDPSession): Promise<{ files: number; answers: number; requests: number }> {
  const count = { files: 0, answers: 0, requests: 0 };
  const kinds = new Map<string, string>();
  session.on("Network.responseReceived", ({ requestId, type }) => kinds.set(requestId, type));
  session.on("Network.loadingFinished", ({ requestId, encodedDataLength }) => {
    const kind = kinds.get(requestId);
    if (kind === undefined) return;
    count.requests += 1;
    if (["Document", "Script", "Stylesheet", "Image", "Font"].includes(kind)) count.files += encodedDataLength;
    else count.answers += encodedDataLength;
  });
  await session.send("Network.enable");
  return count;
}

type Line = "loopback" | "desktop";

async function loaded(path: string, content: string, line: Line, isPressed: boolean): Promise<Seen> {
  const page = await (await newBrowser({ viewport: { width: 1350, height: 940 } })).newPage();
  const session = await looking(page);
  const count = await counted(session);
  // What Lighthouse takes for a computer on a desk: 40 ms there and back, 10 Mbit/s.
  const [latency, throughput] = line === "desktop" ? [40, (10_240 * 1024) / 8] : [0, -1];
  await session.send("Network.emulateNetworkConditions", { offline: false, latency, downloadThroughput: throughput, uploadThroughput: throughput });
  await watched(page, content, isPressed);
  await page.goto(server.url + path);
  // Whole, and nothing new was painted, moved or computed for a second.
  await page.waitForFunction((pressed) => {
    const { seen } = window as unknown as { seen: { interactive: number; readable: number; largestPaint: number; changed: number } };
    const isThere = seen.readable > 0 && seen.largestPaint > 0 && document.readyState === "complete";
    return isThere && (pressed ? seen.interactive > 0 : performance.now() - seen.changed > 1_000);
  }, isPressed);
  const seen = await page.evaluate(() => (window as unknown as { seen: Omit<Seen, "blocked"> & { tasks: [number, number][] } }).seen);
  const late = seen.tasks.filter(([start, length]) => start + length > seen.firstPaint);
  const blocked = late.reduce((sum, [, length]) => sum + Math.max(0, length - 50), 0);
  await page.close();
  return { ...seen, ...count, blocked };
}

async function told(name: string, path: string, content: string, line: Line): Promise<Seen[]> {
  const rounds: Seen[] = [];
  const pressed: Seen[] = [];
  // The first browser of a program starts slowly, which is not the page's doing.
  await loaded(path, content, line, false);
  for (let turn = 0; turn < TIMES; turn += 1) {
    rounds.push(await loaded(path, content, line, false));
    pressed.push(await loaded(path, content, line, true));
  }
  const of = (each: (seen: Seen) => number): number[] => rounds.map(each);
  const what = `${name}, ${line}`;
  tell(`${what}, document, scripts and styles`, of(({ files }) => files / 1024), "KiB", 1);
  tell(`${what}, answers of the interface`, of(({ answers }) => answers / 1024), "KiB", 1);
  tell(`${what}, first contentful paint`, of(({ firstPaint }) => firstPaint), "ms");
  tell(`${what}, largest contentful paint`, of(({ largestPaint }) => largestPaint), "ms");
  tell(`${what}, total blocking time`, of(({ blocked }) => blocked), "ms");
  tell(`${what}, cumulative layout shift`, of(({ shift }) => shift), "", 3);
  tell(`${what}, readable`, of(({ readable }) => readable), "ms");
  tell(`${what}, interactive`, pressed.map(({ interactive }) => interactive), "ms");
  return rounds;
}

const PAGES = [
  ["/", () => "/", ".experiments-title"],
  ["/experiments/ID", () => "/experiments/1", ".runs-row .runs-name"],
  ["/runs/ID", () => `/runs/${run}`, ".run-overview"],
] as const;

for (const [name, path, content] of PAGES) {
  test.runIf(IS_WANTED)(`the first load of ${name}`, { timeout: HOUR_MS }, async () => {
    const rounds = await told(name, path(), content, "loopback");
    expect(median(rounds.map(({ files }) => files))).toBeLessThanOrEqual(BYTES_MAX);
    await told(name, path(), content, "desktop");
  });
}
