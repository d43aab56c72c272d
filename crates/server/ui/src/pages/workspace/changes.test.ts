/** Words of changes. Invariant: what is told and copied is what is done. */
import { describe, expect, it } from "vitest";

import { commandOf, tagsOf, words } from "./changes";

describe("changes", () => {
  it("are read from what somebody writes", () => {
    expect(tagsOf('paper=v2 team="speech lab" baseline -old x=')).toEqual({
      paper: "v2", team: "speech lab", baseline: "", old: null, x: "",
    });
    expect(tagsOf("  ")).toEqual({});
  });
  it("are told in a few words", () => {
    expect(words({ tags: { paper: "v2", old: null } })).toBe("Tagged paper=v2, untagged old");
    expect(words({ tags: { old: null } })).toBe("Untagged old");
    expect([words({ deleted: true }), words({ deleted: false }), words({ note: "x" })]).toEqual(["Deleted", "Restored", "Noted"]);
  });
  it("have a command that a shell reads whole", () => {
    expect(commandOf({ runs: ["a", "b"] }, { deleted: true }, "http://h")).toBe("mltrack rm a b");
    expect(commandOf({ filter: ["name = 'it''s'"] }, { tags: { a: "b" } }, "http://h")).toBe(
      `curl http://h/api/v1/runs/bulk -H 'content-type: application/json' -d '{"filter":["name = '\\''it'\\'''\\''s'\\''"],"change":{"tags":{"a":"b"}}}'`,
    );
  });
});
