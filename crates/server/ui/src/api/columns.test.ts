/** Packed histories. Invariant: they are read as docs/api.md draws them, and what is cut short is an error. */
import { expect, test } from "vitest";

import { decodeColumns } from "./columns";

function packed(): ArrayBuffer {
  const columns = [{ name: "step", type: "i64" }, { name: "value", type: "f64" }];
  const text = JSON.stringify({ run: "a", metric: "loss", kind: "points", columns });
  const head = new TextEncoder().encode(text.padEnd(Math.ceil(text.length / 8) * 8));
  const buffer = new ArrayBuffer(16 + 8 + head.length + 2 * 2 * 8);
  const view = new DataView(buffer);
  new Uint8Array(buffer).set([0x4d, 0x4c, 0x54, 0x43, 0x4f, 0x4c, 0, 1]);
  view.setUint32(8, 1, true);
  view.setUint32(16, head.length, true);
  view.setUint32(20, 2, true);
  new Uint8Array(buffer).set(head, 24);
  const at = 24 + head.length;
  view.setBigInt64(at, 2n ** 60n, true);
  view.setBigInt64(at + 8, -1n, true);
  view.setFloat64(at + 16, Number.NaN, true);
  view.setFloat64(at + 24, 0.1, true);
  return buffer;
}

test("every number is the one that was written", () => {
  const [history] = decodeColumns(packed());
  expect(history).toMatchObject({ run: "a", metric: "loss", kind: "points", rows: 2 });
  expect([...(history?.columns["step"] ?? [])]).toEqual([2n ** 60n, -1n]);
  expect([...(history?.columns["value"] ?? [])]).toEqual([Number.NaN, 0.1]);
});

test("what is cut short or something else is an error that says so", () => {
  const whole = packed();
  for (const length of [0, 15, 20, 40, whole.byteLength - 1]) {
    expect(() => decodeColumns(whole.slice(0, length))).toThrow("the histories cannot be read");
  }
  expect(() => decodeColumns(new ArrayBuffer(64))).toThrow("the histories cannot be read");
});
