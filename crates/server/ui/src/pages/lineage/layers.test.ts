/** Columns from left to right. Invariant: every picture here is small enough to be thought through. */
import { describe, expect, it } from "vitest";

import { layers, type Layout } from "./layers";

function graph(count: number, ...edges: [number, number][]): Layout {
  return { sizes: Array.from({ length: count }, () => ({ width: 100, height: 30 })), edges: edges.flat() };
}

describe("layers", () => {
  it("leads every edge to the right", () => {
    const layout = graph(6, [0, 1], [1, 2], [0, 2], [3, 2], [2, 4], [2, 5]);
    const { x } = layers(layout);
    for (const [from, to] of [[0, 1], [1, 2], [0, 2], [3, 2], [2, 4], [2, 5]] as const) {
      expect(x[from]).toBeLessThan(x[to] ?? 0);
    }
    // A source stands right before what it leads to.
    expect(x[3]).toBe(x[1]);
  });

  it("lets no two nodes overlap", () => {
    const edges = Array.from({ length: 300 }, (_, at): [number, number] => [Math.floor(at / 7), at + 1]);
    const layout = graph(301, ...edges);
    const { x, y, width, height } = layers(layout);
    const overlaps: string[] = [];
    for (let a = 0; a < 301; a += 1) {
      for (let b = 0; b < a; b += 1) {
        const isApart = Math.abs((x[a] ?? 0) - (x[b] ?? 0)) >= 100 || Math.abs((y[a] ?? 0) - (y[b] ?? 0)) >= 30;
        if (!isApart) overlaps.push(`${a} and ${b}`);
      }
    }
    expect(overlaps).toEqual([]);
    expect(Math.max(...x)).toBeLessThanOrEqual(width);
    expect(Math.max(...y)).toBeLessThanOrEqual(height);
  });

  it("places a cycle, a loop and nothing at all", () => {
    const { x } = layers(graph(3, [0, 1], [1, 2], [2, 0], [1, 1]));
    expect([...x]).toEqual([...x].sort((a, b) => a - b));
    expect(layers(graph(0)).width).toBe(0);
  });

  it("crosses no edges that need not cross", () => {
    // Two fans whose ends are given crosswise.
    const { y } = layers(graph(6, [0, 3], [0, 5], [1, 2], [1, 4]));
    const isAbove = (y[0] ?? 0) < (y[1] ?? 0);
    const [upper, lower] = isAbove ? [[3, 5], [2, 4]] : [[2, 4], [3, 5]];
    const lowest = Math.max(...(upper ?? []).map((node) => y[node] ?? 0));
    expect(lowest).toBeLessThan(Math.min(...(lower ?? []).map((node) => y[node] ?? 0)));
  });

  it("places a chain of 10,000 without falling over", () => {
    const edges = Array.from({ length: 9_999 }, (_, at): [number, number] => [at, at + 1]);
    expect(layers(graph(10_000, ...edges)).x[9_999]).toBeGreaterThan(1_000_000);
  });
});
