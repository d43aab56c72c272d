/** Invariant: a table is read as it was written, and never more of it than is there. */
import { describe, expect, it } from "vitest";
import { parseTable } from "./table";

describe("parseTable", () => {
  it("reads quotes, separators and lines within fields", () => {
    expect(parseTable('name,text\r\na,"x, ""y""\nz"\r\nb,\r\n')).toEqual({
      header: ["name", "text"],
      rows: [["a", 'x, "y"\nz'], ["b", ""]],
      isCut: false,
    });
  });

  it("finds the separator", () => {
    expect(parseTable("a;b\n1,5;2").rows).toEqual([["1,5", "2"]]);
    expect(parseTable("a\tb\n1\t2").rows).toEqual([["1", "2"]]);
    expect(parseTable("only\nx\n").rows).toEqual([["x"]]);
  });

  it("leaves out a row that was cut off", () => {
    expect(parseTable("a,b\n1,2\n3,4", true).rows).toEqual([["1", "2"]]);
    expect(parseTable("a,b\n1,2\n3,4", false).rows).toEqual([["1", "2"], ["3", "4"]]);
    expect(parseTable('a\n"open', true).rows).toEqual([]);
  });

  it("keeps no more than so many rows and survives anything", () => {
    const many = parseTable(`n\n${Array.from({ length: 100 }, (_, at) => at).join("\n")}`, false, 10);
    expect(many.rows).toHaveLength(10);
    expect(many.isCut).toBe(true);
    expect(parseTable("")).toEqual({ header: [], rows: [], isCut: false });
    expect(parseTable('a,b\n"x"y,2').rows).toEqual([["xy", "2"]]);
    expect(parseTable("\ufeffa,b\n1,").rows).toEqual([["1", ""]]);
  });
});
