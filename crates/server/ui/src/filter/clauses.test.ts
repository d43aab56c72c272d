/** Clauses of filters. Invariant: what is taken apart can be put together again. */
import { describe, expect, it } from "vitest";

import { clausesOf, including, joined, without } from "./clauses";

const texts = (filter: string): string[] => clausesOf(filter).map((clause) => clause.text);

describe("clauses", () => {
  it("are what stands between the outermost ands, also where the and is left out", () => {
    expect(texts("loss < 0.5")).toEqual(["loss < 0.5"]);
    expect(texts("acc > 0.9 and lr = 0.001")).toEqual(["acc > 0.9", "lr = 0.001"]);
    expect(texts("took > 1h30m status = completed")).toEqual(["took > 1h30m", "status = completed"]);
    expect(texts("=opt = 'adam' and lr < 0.5")).toEqual(["=opt = 'adam'", "lr < 0.5"]);
    expect(texts("resnet baseline 'two words'")).toEqual(["resnet", "baseline", "'two words'"]);
    expect(texts("resnet (tags.paper = 'v2' or tags.paper is null)")).toEqual([
      "resnet",
      "(tags.paper = 'v2' or tags.paper is null)",
    ]);
  });

  it("keep a between, a not and a list whole", () => {
    expect(texts("x between 1 and 2 and not dirty")).toEqual(["x between 1 and 2", "not dirty"]);
    expect(texts("status in (failed, lost) and started > -7d")).toEqual(["status in (failed, lost)", "started > -7d"]);
    expect(texts("name not like 'a%' lr is not null y = 1")).toEqual(["name not like 'a%'", "lr is not null", "y = 1"]);
    expect(texts("metrics.`a and b` < 1 and c = 'x and y'")).toEqual(["metrics.`a and b` < 1", "c = 'x and y'"]);
  });

  it("are one where an or holds all of it together", () => {
    expect(texts("a = 1 or b = 2 and c = 3")).toEqual(["a = 1 or b = 2 and c = 3"]);
    expect(texts("  ")).toEqual([]);
  });

  it("are joined with parentheses where they are needed, left out and added once", () => {
    expect(joined(["a = 1 or b = 2", "c = 3"])).toBe("(a = 1 or b = 2) and c = 3");
    expect(without("a = 1 and b = 2 and c = 3", 1)).toBe("a = 1 and c = 3");
    expect(including("a = 1", "b = 2")).toBe("a = 1 and b = 2");
    expect(including("a = 1", "a = 1")).toBe("a = 1");
    expect(including("a = 1 or b = 2", "c = 3")).toBe("(a = 1 or b = 2) and c = 3");
  });
});
