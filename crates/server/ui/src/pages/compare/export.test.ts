/** Invariant: no cell breaks out of its table. */
import { describe, expect, it } from "vitest";
import { csvOf, latexOf, literal, markdownOf, shellWord } from "./export";

const grid = { header: ["", "run_1"], rows: [["a|b", 'x, "y"\nz'], ["50% & $5", "<b>\\^~"]] };

describe("exports of a table", () => {
  it("writes Markdown", () => {
    expect(markdownOf(grid)).toBe('|  | run\\_1 |\n| --- | ---: |\n| a\\|b | x, "y" z |\n| 50% & $5 | \\<b\\>\\\\^~ |\n');
  });

  it("writes LaTeX", () => {
    expect(latexOf(grid)).toContain("  50\\% \\& \\$5 & \\textless{}b\\textgreater{}\\textbackslash{}\\textasciicircum{}\\textasciitilde{} \\\\");
    expect(latexOf(grid)).toContain("run\\_1");
  });

  it("writes CSV", () => {
    expect(csvOf(grid)).toBe(',run_1\r\na|b,"x, ""y""\nz"\r\n50% & $5,<b>\\^~\r\n');
  });

  it("quotes words for shells and programs", () => {
    expect(shellWord("a3f9")).toBe("a3f9");
    expect(shellWord("it's $HOME")).toBe("'it'\\''s $HOME'");
    expect(shellWord("")).toBe("''");
    expect(literal('a"b')).toBe('"a\\"b"');
  });
});
