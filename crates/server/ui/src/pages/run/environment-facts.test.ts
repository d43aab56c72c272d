/** Invariant: whatever a document holds, facts come out and nothing throws. */
import { describe, expect, it } from "vitest";
import { factsOf, packagesOf } from "./environment-facts";

describe("factsOf", () => {
  it("groups what is known and names what is not", () => {
    const groups = factsOf({
      document: { git: { branch: "main", dirty: true }, memory: { bytes: 2048 }, gpu: [{ index: 0, name: "H", memory_bytes: 1024 }], missing: [{ what: "cuda", why: "no driver" }] },
      summary: { "os.name": "Debian" },
    });
    expect(groups).toEqual([
      { title: "Code", facts: [["Branch", "main"], ["Uncommitted changes", "yes"]] },
      { title: "Machine", facts: [["System", "Debian"], ["Memory", "2.0 KiB"], ["GPU 0", "H, 1.0 KiB"]] },
      { title: "Not known, and why", facts: [["cuda", "no driver"]] },
    ]);
  });

  it("survives documents of any form", () => {
    for (const document of [null, 5, "x", [], { git: 3, gpu: {}, missing: "x" }]) expect(factsOf({ document, summary: {} })).toEqual([]);
  });
});

describe("packagesOf", () => {
  it("lists the packages of every source by name", () => {
    const sources = [
      { kind: "pip", path: "venv", packages: { torch: "2.3.0", numpy: "1.26" } },
      { kind: "cargo", packages: { serde: "1.0" } },
    ];
    expect(packagesOf({ sources }).map((each) => `${each.name} ${each.source}`)).toEqual(["numpy pip · venv", "serde cargo", "torch pip · venv"]);
    expect(packagesOf(null)).toEqual([]);
    expect(packagesOf({ sources: [{ packages: 3 }] })).toEqual([]);
  });
});
