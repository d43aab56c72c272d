/** Records that are held. Invariant: answers are as the server's are, in either order. */
import { describe, expect, it } from "vitest";

import type { LogRecord, Records } from "../../api/types";
import { lineOf, NOTHING, subjectOf, withNewer, withOlder } from "./records";

function record(lsn: number): LogRecord {
  return {
    lsn,
    time: "2026-01-01T00:00:00Z",
    committed: "2026-01-01T00:00:00Z",
    type: "note_added",
    type_id: 1,
    version: 1,
    writer: 1,
    run: null,
    experiment: null,
    payload: { text: "x" },
    labels: [],
    payload_bytes: 4,
    payload_left_out: false,
    unreadable: null,
  };
}

function answer(lsns: number[], next: number | null): Records {
  return { items: lsns.map(record), lsn: 9, next, scanned: lsns.length, lost: [{ first: 3, end: 5 }] };
}

describe("held records", () => {
  it("grow at both ends, the newest first, and name what is lost once", () => {
    let held = withOlder(NOTHING, answer([6, 5], 5));
    held = withOlder(held, answer([2, 1], null));
    held = withNewer(held, answer([7, 8], 9));
    expect(held.items.map(({ lsn }) => lsn)).toEqual([8, 7, 6, 5, 2, 1]);
    expect([held.older, held.newer, held.scanned, held.lsn]).toEqual([null, 9, 6, 9]);
    expect(held.lost).toEqual([{ first: 3, end: 5 }]);
  });

  it("say what they are about and what is in them", () => {
    expect(subjectOf({ ...record(1), run: "0123456789abcdef" })).toEqual({ text: "89abcdef", path: "/runs/0123456789abcdef" });
    expect(subjectOf({ ...record(1), payload: { dataset: "dataset-01" } })?.path).toBe("/datasets/dataset-01");
    expect(subjectOf(record(1))).toBeNull();
    expect(lineOf({ ...record(1), labels: ["loss"] })).toBe('loss · x');
    expect(lineOf({ ...record(1), payload: null, payload_left_out: true, payload_bytes: 70_000 })).toContain("70000 bytes");
    expect(lineOf({ ...record(1), unreadable: "too short" })).toContain("too short");
  });
});
