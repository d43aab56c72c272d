/** Invariant: words find paths that hold them, and patterns stay what they are. */
import { describe, expect, it } from "vitest";
import { patternOf } from "./artifacts-page";

describe("patternOf", () => {
  it("makes patterns of words alone", () => {
    expect(patternOf(" roc ")).toBe("**/*roc*");
    expect(patternOf("ckpt/*.bin")).toBe("ckpt/*.bin");
    expect(patternOf("plots/")).toBe("plots/");
    expect(patternOf("  ")).toBeNull();
  });
});
