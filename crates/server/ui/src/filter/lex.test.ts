/** Names in filters and orders. Invariant: a name that is no plain word is quoted, in an order behind its minus. */
import { expect, test } from "vitest";

import { quotedColumn, quotedOrder } from "./lex";

test("an order by a name that is no plain word is quoted behind its minus", () => {
  expect(["loss.min", "-=lr", "-.started"].map(quotedOrder)).toEqual(["loss.min", "-=lr", "-.started"]);
  expect(quotedOrder("-<img src=x>")).toBe("-metrics.`<img src=x>`");
  expect(quotedOrder("=a `b`")).toBe("params.`a ``b```");
  expect(quotedColumn("in")).toBe("metrics.`in`");
});
