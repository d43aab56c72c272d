/** Lines of a console. Invariant: who follows them for long holds so many, and every other can be had again. */
import { afterEach, expect, test, vi } from "vitest";

import type { Lines } from "../../api/types";
import { ConsoleLines, lineName, type Loaded } from "./console-lines";

const PAGE = 500;
/** Each record has three lines. */
const lineAt = (place: number) => ({ lsn: 10 + Math.floor(place / 3), index: place % 3, text: `line ${place}` });
const placeOf = (lsn: number) => (lsn - 10) * 3;

let there = PAGE;

/** The console of the interface, over as many lines as there are. */
function answer(address: string): Partial<Lines> {
  const query = new URL(address, "http://localhost").searchParams;
  const all = Array.from({ length: there }, (_, place) => place);
  if (query.get("newest") === null) {
    const from = query.has("cursor") ? Number(query.get("cursor")) : placeOf(Number(query.get("from")));
    const items = all.slice(from, from + PAGE);
    return { items: items.map(lineAt), next: from + PAGE < there ? String(from + PAGE) : null, lsn: 1 } as unknown as Lines;
  }
  const end = query.has("cursor") ? Number(query.get("cursor")) : query.has("at") ? placeOf(Number(query.get("at")) + 1) : there;
  const items = all.slice(Math.max(0, end - PAGE), end);
  return { items: items.map(lineAt), next: end > PAGE ? String(end - PAGE) : null, lsn: 1 } as unknown as Lines;
}

afterEach(() => vi.unstubAllGlobals());

test("following lets go of old lines, and they are asked for again from where the rest begins", async () => {
  vi.stubGlobal("fetch", (address: string) => Promise.resolve(new Response(JSON.stringify(answer(address)))));
  let loaded: Loaded | null = null;
  const lines = new ConsoleLines({ run: "a", grep: "", level: "", source: "" }, (now) => (loaded = now));
  const now = (): Loaded => loaded ?? { lines: [], shift: 0, isAtStart: true, isAtEnd: true };
  await lines.end();
  let most = 0;
  for (let turn = 0; turn < 80; turn += 1) {
    there += PAGE - 5;
    await lines.next(true);
    most = Math.max(most, now().lines.length);
  }
  expect(most).toBeLessThanOrEqual(22_000);
  expect(now().lines.at(-1)).toMatchObject({ text: `line ${there - 1}` });
  expect(now().isAtStart).toBe(false);
  const first = now().lines[0];
  await lines.more();
  expect(now().lines[PAGE]).toBe(first);
  while (!now().isAtStart) await lines.more();
  const names = now().lines.map(lineName);
  expect(names).toEqual(Array.from({ length: there }, (_, place) => lineName(lineAt(place))));
  // Everything that was let go of was put in front again.
  expect(now().shift).toBe(0);
});

test("who looks at older lines loses none of them", async () => {
  vi.stubGlobal("fetch", (address: string) => Promise.resolve(new Response(JSON.stringify(answer(address)))));
  there = 30_000;
  let count = 0;
  const lines = new ConsoleLines({ run: "a", grep: "", level: "", source: "" }, (now) => (count = now.lines.length));
  await lines.end();
  while (count < there) await lines.more();
  there += 10;
  await lines.next(false);
  expect(count).toBe(there);
});
