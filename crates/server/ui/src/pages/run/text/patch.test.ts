/** Invariant: every line of a patch is found again, with the number it has in its file. */
import { describe, expect, it } from "vitest";
import { parsePatch, pathOf } from "./patch";

const PATCH = `diff --git a/train.py b/train.py
index 1111111..2222222 100644
--- a/train.py
+++ b/train.py
@@ -1,3 +1,4 @@ def main():
 import torch
-lr = 0.1
+lr = 0.2
+-- not the end
 model = net()
\\ No newline at end of file
@@ -20 +21 @@
-a
+b
diff --git a/old name.txt b/new name.txt
similarity index 90%
rename from old name.txt
rename to new name.txt
diff --git a/logo.png b/logo.png
new file mode 100644
index 000..111
GIT binary patch
literal 3
Kc$abc

`;

describe("parsePatch", () => {
  it("numbers the lines of both sides", () => {
    const [file] = parsePatch(PATCH);
    expect(file?.path).toBe("train.py");
    expect([file?.added, file?.removed]).toEqual([3, 2]);
    expect(file?.hunks[0]?.lines.map((line) => [line.kind, line.before, line.after])).toEqual([
      ["context", 1, 1],
      ["removed", 2, null],
      ["added", null, 2],
      ["added", null, 3],
      ["context", 3, 4],
      ["note", null, null],
    ]);
    expect(file?.hunks[1]?.lines.map((line) => line.text)).toEqual(["a", "b"]);
  });

  it("tells renamed and binary files", () => {
    const files = parsePatch(PATCH);
    expect(files.map((file) => [file.path, file.formerPath, file.change, file.isBinary])).toEqual([
      ["train.py", null, "modified", false],
      ["new name.txt", "old name.txt", "renamed", false],
      ["logo.png", null, "added", true],
    ]);
  });

  it("takes removed lines that look like heads for what they are", () => {
    const [file] = parsePatch("diff --git a/x b/x\n--- a/x\n+++ b/x\n@@ -1,2 +1 @@\n--- a comment\n keep\n");
    expect(file?.hunks[0]?.lines[0]).toEqual({ kind: "removed", before: 1, after: null, text: "-- a comment" });
  });

  it("puts names of other alphabets together again", () => {
    expect(pathOf('"a/\\303\\244pfel\\tx"')).toBe("äpfel\tx");
    expect(pathOf("b/plain")).toBe("plain");
  });

  it("survives text that is no patch, and one that is cut off", () => {
    expect(parsePatch("nothing of the kind")).toHaveLength(1);
    expect(parsePatch("")).toEqual([]);
    expect(parsePatch("diff --git a/x b/x\n@@ -1,3 +1,3 @@\n one\n tw", true)[0]?.hunks[0]?.lines).toHaveLength(1);
  });
});
