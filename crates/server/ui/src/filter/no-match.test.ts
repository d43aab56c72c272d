/** Which clause admitted nothing. Invariant: it is the first that leaves none of those before it. */
import { expect, it } from "vitest";

import { clausesOf } from "./clauses";
import { dryAt } from "./no-match";

it("finds the clause that leaves none of those before it, and how many those were", async () => {
  const asked: string[] = [];
  const found = await dryAt(["a = 1", "b = 2", "c = 3"], (filter) => {
    asked.push(filter);
    return Promise.resolve(filter.includes("b") ? 0 : filter === "" ? 7 : 4);
  });
  expect(found).toEqual({ all: 7, place: 1, before: 4 });
  expect(asked).toEqual(["", "a = 1 and b = 2 and c = 3", "a = 1", "a = 1 and b = 2"]);
});

it("asks few questions of many clauses, and finds each of them", async () => {
  const clauses = Array.from({ length: 300 }, (_, at) => `c${at} = 1`);
  for (const culprit of [0, 1, 149, 298, 299]) {
    let questions = 0;
    const found = await dryAt(clauses, (filter) => {
      questions += 1;
      const length = clausesOf(filter).length;
      return Promise.resolve(length > culprit ? 0 : 5_000 - length);
    });
    expect(found).toEqual({ all: 5_000, place: culprit, before: 5_000 - culprit });
    expect(questions).toBeLessThanOrEqual(11);
  }
});

it("names no clause where there is no run at all, or where runs have come meanwhile", async () => {
  expect(await dryAt(["a = 1"], () => Promise.resolve(0))).toEqual({ all: 0, place: -1, before: 0 });
  expect(await dryAt(["a = 1"], () => Promise.resolve(3))).toEqual({ all: 3, place: -1, before: 3 });
});
