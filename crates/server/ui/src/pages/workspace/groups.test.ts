/** Groups. Invariant: the clauses of a group admit its runs. */
import { expect, it } from "vitest";

import { clausesOfGroup, isLessBetter } from "./groups";

it("opens a group by clauses that a filter can hold", () => {
  expect(clausesOfGroup(["=opt", "tags.my team", ".state"], ["it's", null, "lost"])).toEqual([
    "=opt = 'it''s'",
    "tags.`my team` is null",
    ".state = 'lost'",
  ]);
});

it("takes the smallest of what is to be small", () => {
  const goal = { metric: "score", direction: "min" };
  expect(["score", "val/loss", "acc"].map((column) => isLessBetter(column, goal))).toEqual([true, true, false]);
  expect(isLessBetter("loss", { metric: "loss", direction: "max" })).toBe(false);
});
