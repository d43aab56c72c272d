/** Texts for other programs. Invariant: names are as bad as names can be. */
import { describe, expect, it } from "vitest";

import { shell, toCommand, toDot, toMermaid } from "./copy";
import { linked, type Thing } from "./graph";

const nasty = 'a"]; b -> c;\n"<b>|}#quot;\\';
const thing = (name: string, state = "present"): Thing => ({ reference: `run:${name}`, kind: "run", name, state, created: null, depth: 0 });
const graph = linked([thing(nasty), thing("b", "deleted")], [{ from: 0, to: 1, kind: "uses_dataset", note: 'train"' }]);

describe("copying a graph", () => {
  it("keeps every name inside of its label", () => {
    const lines = toMermaid(graph).trimEnd().split("\n");
    expect(lines).toHaveLength(4);
    for (const line of lines.slice(1)) expect(line).toMatch(/^ {2}n\d(\["[^"<>|[\]{}]*"\]| -->\|"[^"<>|]*"\| n\d)$/);
    const dot = toDot(graph).trimEnd().split("\n");
    expect(dot).toHaveLength(7);
    expect(dot[3]).toMatch(/^ {2}n0 \[label="([^"\\]|\\.)*"\];$/);
    expect(dot[4]).toContain("style=dashed");
  });

  it("names the command that shows the same", () => {
    expect(toCommand("run:a b's", "up", 3, "412")).toBe("mltrack lineage 'run:a b'\\''s' --up --depth 3 --at 412");
    expect(toCommand("model:resnet@prod", "both", null, null)).toBe("mltrack lineage model:resnet@prod");
    expect(shell("$(rm -r)")).toBe("'$(rm -r)'");
  });
});
