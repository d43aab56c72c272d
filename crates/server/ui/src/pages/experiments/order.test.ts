/** The order of rows. Invariant: nothing moves under the pointer. */
import { expect, test } from "vitest";

import { arranged } from "./order";

const items = (...ids: number[]) => ids.map((id) => ({ id }));

test("rows that are held stay, new ones wait and those that are gone leave", () => {
  expect(arranged(items(3, 1, 2), null)).toEqual({ rows: items(3, 1, 2), isNewOrder: false });
  expect(arranged(items(1, 2), [1, 2])).toEqual({ rows: items(1, 2), isNewOrder: false });
  expect(arranged(items(3, 2, 1), [1, 2])).toEqual({ rows: items(1, 2), isNewOrder: true });
  expect(arranged(items(2), [1, 2])).toEqual({ rows: items(2), isNewOrder: false });
});
