/** Invariant: nothing that a browser would run is shown as anything but text. */
import { describe, expect, it } from "vitest";
import { looksBinary, previewOf } from "./preview";

const kind = (path: string, type = "application/octet-stream", bytes = 100): string => previewOf(path, type, bytes).kind;

describe("previewOf", () => {
  it("goes by the name and the type", () => {
    expect(kind("plots/roc.PNG")).toBe("image");
    expect(kind("a", "image/png")).toBe("image");
    expect(kind("rows.csv")).toBe("table");
    expect(kind("rows", "text/csv; charset=utf-8")).toBe("table");
    expect(kind("config.json", "application/json")).toBe("json");
    expect(kind("mltrack/code.patch")).toBe("patch");
    expect(kind("x.wav")).toBe("audio");
    expect(kind("x.mp4")).toBe("video");
    expect(kind("src/Makefile")).toBe("text");
    expect(kind("paper.pdf", "application/pdf")).toBe("download");
    expect(kind("weights.bin")).toBe("download");
    expect(kind("constructor")).toBe("download");
    expect(kind("x.constructor")).toBe("download");
    expect(kind("empty.png", "image/png", 0)).toBe("empty");
  });

  it("shows pages and scripts as text", () => {
    for (const path of ["report.html", "x.htm", "x.xhtml", "x.js", "x.mjs"]) {
      expect(previewOf(path, "text/html", 10)).toMatchObject({ kind: "text", mediaType: "text/plain" });
    }
    expect(previewOf("x", "text/html", 10).kind).toBe("text");
  });

  it("asks for no more than its limit", () => {
    expect(previewOf("x.txt", "text/plain", 5_000_000_000).bytesMax).toBe(256 * 1024);
    expect(previewOf("x.png", "image/png", 5_000_000_000)).toMatchObject({ kind: "download", bytesMax: 0 });
    expect(previewOf("x.json", "application/json", 5_000_000_000).kind).toBe("text");
    expect(previewOf("x.txt", "text/plain", 12).bytesMax).toBe(12);
  });

  it("knows bytes that are no text", () => {
    expect(looksBinary(new Uint8Array([80, 75, 3, 4, 0]))).toBe(true);
    expect(looksBinary(new TextEncoder().encode("ä text\n\u001b[31mred"))).toBe(false);
  });
});
