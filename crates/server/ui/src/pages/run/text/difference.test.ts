/** Invariant: what is read on one side of a difference is that side's text, whatever the texts are. */
import { describe, expect, it } from "vitest";
import { differenceOf, folded, type DifferenceRow } from "./difference";

function side(rows: readonly DifferenceRow[], which: "left" | "right"): string[] {
  return rows.filter((row) => row[which] !== null).map((row) => row.text);
}

function marked(rows: readonly DifferenceRow[]): string {
  return rows.map((row) => ({ equal: " ", added: "+", removed: "-" })[row.kind] + row.text).join("");
}

describe("differenceOf", () => {
  it("finds the shortest way", () => {
    expect(marked(differenceOf([..."abcd"], [..."acxd"]))).toBe(" a-b c+x d");
    expect(marked(differenceOf([], ["a"]))).toBe("+a");
    expect(marked(differenceOf(["a"], []))).toBe("-a");
    expect(differenceOf([], [])).toEqual([]);
  });

  it("gives both texts back for any two texts", () => {
    let seed = 7;
    const draw = (below: number): number => {
      seed = (seed * 1103515245 + 12345) % 2147483648;
      return Math.floor((seed / 2147483648) * below);
    };
    for (let round = 0; round < 300; round += 1) {
      const left = Array.from({ length: draw(30) }, () => String(draw(4)));
      const right = Array.from({ length: draw(30) }, () => String(draw(4)));
      const rows = differenceOf(left, right);
      expect(side(rows, "left")).toEqual(left);
      expect(side(rows, "right")).toEqual(right);
      expect(rows.flatMap((row) => (row.left === null ? [] : [row.left]))).toEqual(left.map((_, at) => at + 1));
      expect(rows.flatMap((row) => (row.right === null ? [] : [row.right]))).toEqual(right.map((_, at) => at + 1));
    }
  });

  it("tells texts without anything in common as replaced, in bounded time", () => {
    const left = Array.from({ length: 20_000 }, (_, at) => `left ${at}`);
    const right = Array.from({ length: 20_000 }, (_, at) => `right ${at}`);
    const rows = differenceOf(left, right);
    expect(rows).toHaveLength(40_000);
    expect(side(rows, "right")).toEqual(right);
  });

  it("folds equal lines that are far from any difference", () => {
    const left = Array.from({ length: 20 }, (_, at) => String(at));
    const parts = folded(differenceOf(left, [...left.slice(0, 10), "new", ...left.slice(10)]), 2);
    expect(parts.map((part) => (part.kind === "fold" ? part.rows.length : part.text))).toEqual([8, "8", "9", "new", "10", "11", 8]);
  });
});
