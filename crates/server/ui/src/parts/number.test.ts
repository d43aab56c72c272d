/** Numbers as texts. Invariant: nothing is shown as what it is not. */
import { expect, test } from "vitest";

import { bytesText, counted, significant } from "./number";
import { seen } from "./table";

test("numbers have the digits that one reads", () => {
  const cases: [number | string, string][] = [
    [0, "0"],
    [-0, "-0"],
    [-0.5, "-0.5"],
    [0.123456789, "0.12346"],
    [12345.678, "12346"],
    [99999, "99999"],
    [1234567, "1\u2009234\u2009567"],
    [1.5e-7, "1.5e-7"],
    [1.23456789e12, "1\u2009234\u2009567\u2009890\u2009000"],
    [1.5e300, "1.5e300"],
    [-1e308, "-1e308"],
    [1e-300, "1e-300"],
    [5e-324, "4.9407e-324"],
    [2 ** 53, "9.0072e15"],
    [Number.NaN, "NaN"],
    ["-Infinity", "-Infinity"],
  ];
  for (const [value, text] of cases) expect(significant(value)).toBe(text);
  expect(counted(1, "run")).toBe("1 run");
  expect(counted(2, "run")).toBe("2 runs");
  expect([bytesText(0), bytesText(1023), bytesText(1536), bytesText(1024 ** 4)]).toEqual(["0 B", "1023 B", "1.5 KiB", "1.0 TiB"]);
});

test("a table draws what is seen and a little around it", () => {
  expect(seen(0, 360, 36, 100_000)).toEqual({ first: 0, end: 18 });
  expect(seen(36_000, 360, 36, 100_000)).toEqual({ first: 992, end: 1018 });
  expect(seen(0, 360, 36, 3)).toEqual({ first: 0, end: 3 });
  expect(seen(9e9, 360, 36, 0)).toEqual({ first: 0, end: 0 });
});
