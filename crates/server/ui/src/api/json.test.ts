/** Answers with numbers that a browser cannot hold. Invariant: no digit of a parameter is another one. */
import { expect, test } from "vitest";

import { parsed } from "./json";

// The texts of numbers while they are read are known to newer engines only; older ones round as they always did.
const isKnown = ((): boolean => {
  let found = false;
  (JSON.parse as (text: string, revive: (key: string, value: unknown, context?: { source?: string }) => unknown) => unknown)("1", (_, value, context) => {
    found = context?.source === "1";
    return value;
  });
  return found;
})();

test("a whole number that is too long keeps its digits where the engine tells them", () => {
  const told = parsed('{"params": {"seed": 9007199254740993, "small": -7, "zero": -0.0}, "step": 9007199254740993, "value": 1e308}');
  const exact = isKnown ? "9007199254740993" : 9_007_199_254_740_992;
  expect(told).toEqual({ params: { seed: exact, small: -7, zero: -0 }, step: 9_007_199_254_740_992, value: 1e308 });
  expect(parsed('{"text": "it is 9007199254740993 long"}')).toEqual({ text: "it is 9007199254740993 long" });
  expect(parsed("[1, 2.5, null]")).toEqual([1, 2.5, null]);
});
