/**
 * How the page is tested: functions by themselves, and the whole of it in a browser against a real server.
 *
 * Invariant: the browser tests share one browser and run one file after the other, so that times they measure are theirs.
 */
import { defineConfig } from "vitest/config";

// The reporter of failures calls what node 20 has not; a newer node keeps its own.
const maps = Map as unknown as { groupBy?: typeof groupBy };
maps.groupBy ??= groupBy;

function groupBy<K, T>(items: Iterable<T>, keyOf: (item: T, index: number) => K): Map<K, T[]> {
  const groups = new Map<K, T[]>();
  let index = 0;
  for (const item of items) {
    const key = keyOf(item, index++);
    groups.set(key, [...(groups.get(key) ?? []), item]);
  }
  return groups;
}

export default defineConfig({
  oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
  test: {
    projects: [
      { extends: true, test: { name: "unit", include: ["src/**/*.test.{ts,tsx}"], environment: "node" } },
      {
        extends: true,
        test: {
          name: "browser",
          include: ["tests/**/*.test.ts"],
          environment: "node",
          fileParallelism: false,
          testTimeout: 60_000,
          hookTimeout: 120_000,
          // What a page shows comes from a server: a second is short where other programs run beside it.
          expect: { poll: { timeout: 20_000, interval: 100 } },
        },
      },
    ],
  },
});
