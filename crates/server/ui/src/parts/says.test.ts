/** What a record says in words. Invariant: no payload that a log can hold is told wrongly or breaks the line. */
import { describe, expect, test } from "vitest";

import { saysOf } from "./says";

describe("a record in words", () => {
  test("what is empty and what stands beside the line is left out", () => {
    const ended = { actor: "", command: "mltrack", error: null, run: "8db72bcb3b305021", state: "completed" };
    expect(saysOf(ended, [])).toBe("state completed");
  });

  test("points stand with the names of their metrics, whatever their values", () => {
    const logged = { columns: "columns-3d62ec2bbabc131b", run: "8db72bcb3b305021", step: 0, values: [3.5, "NaN"] };
    expect(saysOf(logged, ["loss", "accuracy"])).toBe("step 0: loss 3.5, accuracy NaN");
  });

  test("a value that is 0 or false is told", () => {
    expect(saysOf({ number: 0, detached: false }, [])).toBe("number 0 · detached false");
  });

  test("names come first, and identifiers by their last characters", () => {
    const version = { model: "model-eda76eac99229e7b0397bad92180151d", number: 3, alias: "newest" };
    expect(saysOf(version, [])).toBe("alias newest · number 3 · model 2180151d");
  });

  test("params and tags are told as they are set", () => {
    expect(saysOf({ params: { lr: 0.1, "model.kind": "mlp", note: "" } }, [])).toBe("params lr = 0.1, model.kind = mlp");
  });

  test("text, lists, nothing and what is very long stay one line of bounded length", () => {
    expect(saysOf("plain", [])).toBe("plain");
    expect(saysOf(null, [])).toBe("");
    expect(saysOf([1, [2, 3]], [])).toBe("1, 2, 3");
    expect(saysOf({ text: "x".repeat(10_000) }, []).length).toBe(400);
  });
});
