/** Invariant: escape sequences change looks and never text. */
import { describe, expect, it } from "vitest";
import { partsOf, plainText, PLAIN } from "./ansi";

const ESC = "\u001b";

describe("partsOf", () => {
  it("takes colours from the sequences of a terminal", () => {
    const parts = partsOf(`a${ESC}[1;31mred${ESC}[0m b${ESC}[92mbright${ESC}[39m`);
    expect(parts.map((part) => [part.text, part.style.colour, part.style.isBold])).toEqual([
      ["a", null, false],
      ["red", 1, true],
      [" b", null, false],
      ["bright", 10, false],
    ]);
  });

  it("knows 256 and true colours, in both ways of writing them", () => {
    expect(partsOf(`${ESC}[38;5;196mx`)[0]?.style.colour).toBe("rgb(255, 0, 0)");
    expect(partsOf(`${ESC}[38:5:244mx`)[0]?.style.colour).toBe("rgb(128, 128, 128)");
    expect(partsOf(`${ESC}[48;2;1;2;3;1mx`)[0]?.style).toEqual({ ...PLAIN, background: "rgb(1, 2, 3)", isBold: true });
    expect(partsOf(`${ESC}[38;2;999;2;3mx`)[0]?.style.colour).toBeNull();
  });

  it("drops every other sequence and keeps the text", () => {
    expect(plainText(`${ESC}[2K${ESC}[1Gdone ${ESC}]8;;https://example.org${ESC}\\here${ESC}]8;;${ESC}\\${ESC}(B`)).toBe("done here");
    expect(plainText(`${ESC}]0;title\u0007x`)).toBe("x");
    expect(plainText(`x${ESC}`)).toBe("x");
    expect(plainText("<script>alert(1)</script>")).toBe("<script>alert(1)</script>");
  });

  it("shows what a bar of progress showed last", () => {
    expect(plainText("10%\r20%\r30%")).toBe("30%");
    expect(plainText("done\r")).toBe("done");
  });

  it("shows a mark for control characters and stays fast on long lines", () => {
    expect(plainText("a\u0000b\tc")).toBe("a\ufffdb\tc");
    const long = `${ESC}[31m${"x".repeat(200_000)}${ESC}]${"y".repeat(200_000)}`;
    expect(plainText(long)).toHaveLength(200_000);
  });
});
