/** Media by step. Invariant: a step shows what was last logged. */
import { describe, expect, it } from "vitest";

import type { Artifact } from "../api/types";
import { atStep, byName, mediaOfArtifacts, mediaOfValues, seriesOf } from "./media-model";

function artifact(path: string, step: number | null, type: string): Artifact {
  return { id: path, run: "a", run_name: "a", path, version: 1, kind: "image", media_type: type, bytes: 1, blake3: "", step, lsn: 1, logged: "" };
}

describe("media", () => {
  it("of one name with the step in it are one row", () => {
    expect([seriesOf("v2/epoch_0012.png", 12), seriesOf("roc.png", 3)]).toEqual(["v2/epoch_#.png", "roc.png"]);
    const found = byName(mediaOfArtifacts([artifact("e2.png", 2, "image/png"), artifact("e1.png", 1, "image/png"), artifact("m.pt", 1, "x/y"), artifact("n.png", null, "image/png")]));
    expect([...found.keys()]).toEqual(["e#.png"]);
    expect(found.get("e#.png")?.map(({ step }) => step)).toEqual([1, 2]);
  });

  it("are read by their shape, and shown as text otherwise", () => {
    const value = (told: unknown) => mediaOfValues([{ name: "x", step: 1, time: "", lsn: 1, value: told }])[0]?.[1];
    expect(value({ mltrack: "text", text: "hi" })).toEqual({ kind: "text", step: 1, text: "hi" });
    expect(value({ mltrack: "table", columns: ["a"], rows: [[{ b: 1 }]] })).toMatchObject({ kind: "table", table: { rows: [['{"b":1}']] } });
    expect(value([1])).toMatchObject({ kind: "text", text: "[\n  1\n]" });
  });

  it("are the last ones at a step", () => {
    const row = [1, 5].map((step) => ({ kind: "text" as const, step, text: String(step) }));
    expect([atStep(row, 0), atStep(row, 4)?.step, atStep(row, 9)?.step]).toEqual([null, 1, 5]);
  });
});
