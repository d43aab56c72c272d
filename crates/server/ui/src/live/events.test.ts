/** The stream of events. Invariant: however it is cut into pieces, the messages are the same. */
import { expect, test } from "vitest";

import { MessageReader } from "./events";

const TEXT = 'retry: 1000\nevent: hello\ndata: {"after": 3}\n\n: a comment\n\nid: 7\nevent: tick\ndata: {"a":\ndata: 1}\n\nid: 8\ndata: x\n\n';

test("messages are read whole from pieces of any length", () => {
  for (const length of [1, 2, 7, 1_000]) {
    const reader = new MessageReader();
    const pieces = TEXT.match(new RegExp(`[^]{1,${length}}`, "g")) ?? [];
    const messages = pieces.flatMap((piece) => reader.take(piece));
    expect(messages).toEqual([
      { id: null, event: "hello", data: '{"after": 3}' },
      { id: "7", event: "tick", data: '{"a":\n1}' },
      { id: "8", event: "message", data: "x" },
    ]);
  }
});

test("what has no end yet is not told", () => {
  expect(new MessageReader().take("id: 7\ndata: half\n")).toEqual([]);
});
