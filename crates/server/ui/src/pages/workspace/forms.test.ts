/** Forms of the table. Invariant: no cell breaks out of its form. */
import { describe, expect, it } from "vitest";

import { command, csv, latex, markdown, python, rust, shellText } from "./forms";
import type { Row } from "./wire";

const row = (name: string, loss: number): Row => ({
  id: "a1", short: "a1", name, experiment: "e", state: "completed", started: null, ended: null, silent_s: null, columns: { loss },
});
const COLUMNS = [".name", "loss"];

describe("tables", () => {
  it("are escaped in CSV, also against formulas", () => {
    expect(csv(COLUMNS, [row('a "b", c', 1), row("=SUM(A1)", -0.5), row("-x", 2)])).toBe(
      `run,.name,loss\na1,"a ""b"", c",1\na1,'=SUM(A1),-0.5\na1,'-x,2\n`,
    );
  });
  it("are escaped in Markdown and LaTeX", () => {
    expect(markdown(COLUMNS, [row("a|b\n<c>", 1)])).toBe("| Name | loss |\n| --- | --- |\n| a\\|b \\<c\\> | 1 |\n");
    expect(latex(COLUMNS, [row("50% & x_y\\z", 1)])).toContain("50\\% \\& x\\_y\\textbackslash{}z & 1 \\\\");
  });
});

describe("questions", () => {
  const shown = { experiment: "my exp", filter: ["loss < 1", "name = 'it''s'"], sort: ["-loss"], columns: COLUMNS, group: [], at: "12" };
  it("are commands that a shell reads whole", () => {
    expect(command(shown, "http://h:1")).toBe(
      `mltrack -C http://h:1 runs 'my exp' -f 'loss < 1' -f 'name = '\\''it'\\'''\\''s'\\''' --sort=-loss --cols=.name,loss --at 12`,
    );
    expect(shellText("$(rm)")).toBe("'$(rm)'");
    expect(command({ ...shown, group: ["=lr"], filter: [] }, "http://h:1")).toContain("--group==lr --at 12");
  });
  it("are snippets that mean the same", () => {
    expect(python(shown)).toContain(`filter="(loss < 1) and (name = 'it''s')",\n    order_by=["-loss"],\n    at=12,`);
    expect(rust(shown)).toContain(`.filter("name = 'it''s'")\n    .order_by("-loss")\n    .at(mltrack::Lsn::new(12)`);
    expect(rust({ ...shown, experiment: 'a"b' })).toContain('.experiment(r#"a"b"#)');
  });
});
