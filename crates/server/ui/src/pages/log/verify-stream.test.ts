/** Lines that come in pieces. Invariant: nothing of a line is lost between two pieces. */
import { describe, expect, it } from "vitest";

import { split } from "./verify-stream";

describe("lines", () => {
  it("are whole when their end has come", () => {
    const first = split('{"progress":{"done":1,');
    expect(first).toEqual({ lines: [], rest: '{"progress":{"done":1,' });
    const second = split(`${first.rest}"total":2}}\n\n{"re`);
    expect(second.lines).toEqual(['{"progress":{"done":1,"total":2}}']);
    expect(second.rest).toBe('{"re');
  });
});
