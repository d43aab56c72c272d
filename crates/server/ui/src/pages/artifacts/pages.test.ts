/** Lists that are loaded by pages. Invariant: each page is asked for once, in its order. */
import { expect, test } from "vitest";

import type { Query } from "../../api/client";
import { pagesUntil } from "./pages";

const TOTAL = 2_500;

function server(asked: Query[]): (query: Query) => Promise<{ items: number[]; total: number; next: string | null }> {
  return (query) => {
    asked.push(query);
    const first = Number(query["cursor"] ?? 0);
    const end = Math.min(TOTAL, first + Number(query["limit"]));
    const items = Array.from({ length: end - first }, (_, place) => first + place);
    return Promise.resolve({ items, total: TOTAL, next: end < TOTAL ? String(end) : null });
  };
}

test("a list begins with one page", async () => {
  const asked: Query[] = [];
  const loaded = await pagesUntil(server(asked), null, [], 0, 200);
  expect(loaded).toMatchObject({ total: TOTAL, next: "200" });
  expect(asked).toEqual([{ limit: 200, cursor: null }]);
});

test("what was loaded is loaded again as far as it was, in large pages", async () => {
  const asked: Query[] = [];
  const loaded = await pagesUntil(server(asked), null, [], 1_100, 200);
  expect(asked).toEqual([
    { limit: 1_000, cursor: null },
    { limit: 200, cursor: "1000" },
  ]);
  expect(loaded.items).toEqual(Array.from({ length: 1_200 }, (_, place) => place));
});

test("a list that became shorter ends where it ends", async () => {
  const loaded = await pagesUntil(server([]), "2400", [1, 2], 9_000, 200);
  expect(loaded.items.length).toBe(102);
  expect(loaded.next).toBeNull();
});
