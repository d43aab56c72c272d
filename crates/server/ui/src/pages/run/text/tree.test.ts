/** Invariant: no file is lost or shown twice, whatever is open. */
import { describe, expect, it } from "vitest";
import { rowsOf, treeOf } from "./tree";

const files = ["b.txt", "ckpt/10.bin", "ckpt/9.bin", "a/deep/x", "a/y"].map((path, at) => ({ path, bytes: at + 1 }));

describe("treeOf", () => {
  it("puts folders first and counts in numbers' order", () => {
    const rows = rowsOf(treeOf(files), new Set());
    expect(rows.map((row) => `${row.depth} ${row.name} ${row.bytes}`)).toEqual([
      "0 a 9",
      "1 deep 4",
      "2 x 4",
      "1 y 5",
      "0 ckpt 5",
      "1 9.bin 3",
      "1 10.bin 2",
      "0 b.txt 1",
    ]);
    expect(rows.filter((row) => row.file).length).toBe(files.length);
  });

  it("hides what lies in closed folders", () => {
    expect(rowsOf(treeOf(files), new Set(["a", "ckpt"])).map((row) => [row.path, row.count])).toEqual([["a", 2], ["ckpt", 2], ["b.txt", 1]]);
  });
});
