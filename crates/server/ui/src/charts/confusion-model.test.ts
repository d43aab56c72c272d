/** Confusion matrices. Invariant: only whole ones are read. */
import { describe, expect, it } from "vitest";

import { accuracyOf, cellFacts, cellsOf, confusionOf, differenceOf } from "./confusion-model";
import { samplesOf } from "./confusion-samples";
import { ownNames, type Medium } from "./media-model";

const one = { labels: ["cat", "dog"], counts: [[8, 2], [1, 9]] };

describe("a confusion matrix", () => {
  it("is read when it is whole", () => {
    expect(confusionOf({ mltrack: "confusion_matrix", ...one })).toEqual(one);
    expect(confusionOf({ mltrack: "confusion_matrix", labels: ["a"], counts: [[1, 2]] })).toBeNull();
    expect(confusionOf({ mltrack: "table", ...one })).toBeNull();
    expect(confusionOf(null)).toBeNull();
  });

  it("has shares of rows and of columns", () => {
    expect(cellsOf(one, "rows")).toEqual([[0.8, 0.2], [0.1, 0.9]]);
    expect(cellsOf(one, "columns")[0]?.[0]).toBeCloseTo(8 / 9);
    expect(cellsOf({ labels: ["a"], counts: [[0]] }, "rows")).toEqual([[0]]);
    expect([accuracyOf(one), accuracyOf({ labels: ["a"], counts: [[0]] })]).toEqual([0.85, null]);
  });

  it("says of a cell how many there are, and of how many", () => {
    expect(cellFacts(one, "cat", "dog")).toEqual({ count: 2, ofActual: 10, ofPredicted: 11 });
    expect(cellFacts(one, "cat", "bird")).toBeNull();
  });

  it("has samples in tables of its step that say what is what", () => {
    const table = (step: number, columns: string[], rows: (string | number)[][]) => ({ kind: "table" as const, step, table: { columns, rows } });
    const rows = new Map<string, Medium[]>([
      ["predictions", [table(1, ["actual", "predicted"], [["cat", "dog"]]), table(2, ["image", "label", "pred"], [["a.png", "cat", "dog"], ["b.png", "cat", "cat"]])]],
      ["notes", [table(2, ["word"], [["cat"]])]],
      ["media/a.png", [{ kind: "image", step: 2, artifact: "1", path: "a.png", bytes: 1 }]],
    ]);
    expect(samplesOf(rows, 2, "cat", "dog")).toEqual([
      { name: "predictions", table: { columns: ["image", "label", "pred"], rows: [["a.png", "cat", "dog"]] }, images: [{ artifact: "1", path: "a.png" }] },
    ]);
    expect(samplesOf(rows, 2, "dog", "dog")[0]?.table.rows).toEqual([]);
    expect(samplesOf(rows, 3, "cat", "dog")).toEqual([]);
    expect(ownNames(rows)).toEqual(["predictions", "notes"]);
  });

  it("differs from another by label, whatever their order", () => {
    const other = { labels: ["dog", "bird", "cat"], counts: [[5, 0, 5], [0, 1, 0], [0, 0, 10]] };
    expect(differenceOf(one, other, "counts")).toEqual({ labels: ["cat", "dog"], cells: [[-2, 2], [-4, 4]] });
    expect(differenceOf(one, { labels: ["x"], counts: [[1]] }, "rows")).toBeNull();
  });
});
