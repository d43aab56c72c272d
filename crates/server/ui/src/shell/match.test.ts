/** Finding by words. Invariant: every word counts, and the order otherwise stays. */
import { expect, test } from "vitest";

import { matching } from "./match";

test("each word has to be there, and what begins with them comes first", () => {
  const items = ["Go to Runs", "Runs of today", "Pause"];
  expect(matching("runs", items, String)).toEqual(["Runs of today", "Go to Runs"]);
  expect(matching("go ru", items, String)).toEqual(["Go to Runs"]);
  expect(matching("  ", items, String)).toEqual(items);
  expect(matching("xyz", items, String)).toEqual([]);
});
