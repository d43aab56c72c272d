/** What can be read. Invariant: every filter of the documentation is, and what is half typed is not. */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";

import { read } from "./check";

const wrongIn = (filter: string) => {
  const found = read(filter);
  return "wrong" in found ? found.wrong : null;
};
const underlined = (filter: string): string => {
  const place = wrongIn(filter);
  return place === null ? "" : Array.from(filter).slice(place.start, place.start + place.length).join("");
};

describe("reading a filter", () => {
  it("takes every filter that the documentation shows", () => {
    const page = readFileSync(new URL("../../../../../docs/search.md", import.meta.url), "utf8");
    const filters = [...page.matchAll(/```filter\n([\s\S]*?)```/g)].flatMap((block) => (block[1] ?? "").trim().split("\n"));
    expect(filters.length).toBeGreaterThan(10);
    expect(filters.flatMap((filter) => wrongIn(filter) ?? [])).toEqual([]);
  });

  it("refuses what is half typed, and says what is expected where it ends", () => {
    for (const filter of ["loss <", "loss < 0.5 and", "opt in (", "opt in ('a',", "x between 1", "x between 1 and", "name not", "x is", "x is not", "("]) {
      expect(wrongIn(filter), filter).toMatchObject({ message: expect.stringMatching(/^the filter ends, expected /) as string, start: filter.length, length: 0 });
    }
    expect(wrongIn("loss <")?.message).toBe("the filter ends, expected a number, a text or a time");
    expect(["opt = 'ad", "a = 1 and `b", "loss{x"].map(underlined)).toEqual(["'ad", "`b", "{x"]);
    expect(["loss << 1", "a ) b", "a = 1 or or b", "metrics. = 1", "metrics.loss", "x = ;"].map(underlined)).toEqual([
      "<<", ")", "or", "metrics.", "metrics.loss", ";",
    ]);
  });

  it("says what was probably meant", () => {
    expect(wrongIn("lr => 1")).toMatchObject({ suggestion: ">=", start: 3, length: 2 });
    expect(wrongIn("name ~ x")?.suggestion).toBe("like");
  });

  it("counts characters and not the units of the browser", () => {
    expect(wrongIn("name = '😀😀' and x <")).toMatchObject({ start: 19, length: 0 });
    expect(wrongIn("😀 = 1 and x = ;")).toMatchObject({ start: 14, length: 1 });
  });

  it("takes texts of any length and refuses what nests deeper than 64", () => {
    expect(wrongIn("x".repeat(10_000))).toBeNull();
    expect(wrongIn(`name = '${"'' \" ` ( ".repeat(1_200)}'`)).toBeNull();
    expect(wrongIn(Array.from({ length: 2_500 }, () => "a").join(" "))).toBeNull();
    expect(wrongIn(`${"(".repeat(63)}a = 1${")".repeat(63)}`)).toBeNull();
    expect(wrongIn(`${"(".repeat(5_000)}a`)?.message).toBe("more than 64 parentheses and `not` inside each other");
  });
});
