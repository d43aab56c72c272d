/** What a chart is copied as. Invariant: names that look like syntax stay names. */
import { describe, expect, it } from "vitest";

import { cliOf, csvOf, escapeLatex, latexOf, markdownOf, pythonOf, rustOf, thinned } from "./exports";

const table = { columns: ["run", "loss"], rows: [["a|b", 0.123456789], ['say "x", y', Number.NaN], ["=1+1", null]] as const };

describe("exports", () => {
  it("quote what would leave its cell", () => {
    expect(csvOf(table)).toBe('run,loss\na|b,0.123456789\n"say ""x"", y",NaN\n\'=1+1,\n');
    expect(markdownOf(table)).toBe('| run | loss |\n| --- | ---: |\n| a\\|b | 0.123457 |\n| say "x", y | NaN |\n| =1+1 |  |\n');
    expect(escapeLatex("50%_{a}\\b")).toBe("50\\%\\_\\{a\\}\\textbackslash{}b");
    expect(latexOf(table)).toContain("\\begin{tabular}{lr}");
  });

  it("thin long tables evenly, with both ends", () => {
    const rows = Array.from({ length: 1_000 }, (_, row) => [row]);
    const short = thinned({ columns: ["n"], rows }, 5).rows.map((row) => row[0]);
    expect(short).toEqual([0, 250, 500, 749, 999]);
  });

  it("ask the same of the command line and the libraries", () => {
    const asked = { runs: ["a3f9"], metric: "loss{subset=val}", from: 10.2, to: 20 };
    expect(cliOf(asked)).toBe("mltrack metrics a3f9 loss --steps 10..20 --context subset=val");
    expect(cliOf({ runs: ["a"], metric: "it's" })).toBe("mltrack metrics a 'it'\\''s'");
    expect(pythonOf({ runs: ["a"], metric: 'x"', from: 1, to: 2 })).toContain('["a"], ["x\\""], steps=range(1, 3))');
    expect(pythonOf(asked)).toContain('store.history(run, "loss", steps=range(10, 21), context={"subset": "val"})');
    expect(pythonOf({ runs: ["a"], metric: "what?" })).toContain('store.history(run, "what?")');
    expect(rustOf({ runs: ['a"\u0001\\'], metric: "x" })).toContain('["a\\"\\u{1}\\\\"]');
    expect(cliOf({ runs: ["a"], metric: "w", kind: "histograms" })).toBe("mltrack metrics a w --kind histograms");
    expect(pythonOf({ runs: ["a"], metric: "w", kind: "json" })).toContain('store.values(run, "w")');
    expect(cliOf({ runs: ["a", "b"], columns: ["loss.min", "=lr"] })).toBe("mltrack runs -f 'id in ('\\''a'\\'', '\\''b'\\'')' --cols loss.min,=lr");
    expect(rustOf(asked)).toContain('.history(run, "loss").context("subset", "val").steps(10..=20).fetch()?');
  });
});
