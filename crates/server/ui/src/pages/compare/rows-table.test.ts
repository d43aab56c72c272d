/** Invariant: what is folded is equal, and what is copied is what is shown. */
import { describe, expect, it } from "vitest";
import { gridOf, shownOf, type Section } from "./rows-table";

const sections: readonly Section[] = [
  { title: "Metrics", isMeasured: true, rows: [{ name: "acc", values: [1, 2], differs: true, direction: "max" }, { name: "n", values: [1, 1], differs: false }] },
  { title: "Tags", isMeasured: false, rows: [] },
];

describe("shownOf", () => {
  it("folds equal rows and leaves out sections without any", () => {
    expect(shownOf(sections, "", false).map((row) => row.kind)).toEqual(["title", "row", "fold"]);
    expect(shownOf(sections, "", true).map((row) => row.kind)).toEqual(["title", "row", "row"]);
    expect(shownOf(sections, "zzz", true)).toEqual([]);
  });

  it("copies the rows that are shown", () => {
    expect(gridOf(sections, ["a", "b"], "", false)).toEqual({ header: ["", "a", "b"], rows: [["acc", "1", "2"]] });
  });
});
