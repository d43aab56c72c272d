/** Preferences. Invariant: whatever was stored, what is read can be used. */
import { expect, test } from "vitest";

import { fromValue } from "./preferences";

test("what is of the wrong kind is the default and harms nothing else", () => {
  const read = fromValue({
    theme: "pink",
    density: "compact",
    timeZone: "Mars/Olympus",
    columns: { runs: ["a", "b"], wrong: [1] },
    colours: { a: 3, b: "red" },
    keys: { pin: "p", hide: 7 },
  });
  expect(read).toEqual({
    theme: "system",
    density: "compact",
    timeZone: "local",
    columns: { runs: ["a", "b"] },
    colours: { a: 3 },
    keys: { pin: "p" },
  });
  for (const nothing of [null, undefined, 7, "x", []]) expect(fromValue(nothing).theme).toBe("system");
  expect(fromValue({ timeZone: "Asia/Tokyo" }).timeZone).toBe("Asia/Tokyo");
});
