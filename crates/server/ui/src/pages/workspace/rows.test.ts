/** Windows of rows. Invariant: only what is seen is asked for, and rows keep their places. */
import { describe, expect, it } from "vitest";

import { Rows, valueOf, WINDOW_LEN } from "./rows";
import type { Row, RowsPage } from "./wire";

const row = (place: number, columns: Record<string, number> = {}): Row => ({
  id: `id${place}`, short: "s", name: `run ${place}`, experiment: "e", state: "running",
  started: null, ended: null, silent_s: null, columns,
});

/** A server of so many rows that remembers what it was asked. */
function server(total: number) {
  const asked: Record<string, unknown>[] = [];
  const ask = async (body: Record<string, unknown>): Promise<RowsPage> => {
    asked.push(body);
    const offset = (body["offset"] as number | undefined) ?? 0;
    const columns = Object.fromEntries((body["columns"] as string[]).map((column) => [column, 1]));
    const length = Math.max(0, Math.min(body["limit"] as number, total - offset));
    return { items: Array.from({ length }, (_, at) => row(offset + at, columns)), total, lsn: 1, notes: [] };
  };
  return { asked, ask };
}

const question = { key: "a", body: () => ({ experiment: "e", filter: [] }), sort: [], at: null };
const settled = async (): Promise<void> => {
  for (let turn = 0; turn < 8; turn += 1) await Promise.resolve();
};

describe("rows", () => {
  it("are asked for by window, and only the columns that are missing", async () => {
    const { asked, ask } = server(100_000);
    const rows = new Rows(ask);
    rows.turn(question);
    rows.want(40_050, 40_090, [".name", "loss"]);
    rows.want(40_050, 40_090, [".name", "loss"]);
    await settled();
    expect(asked).toHaveLength(1);
    expect(asked[0]).toMatchObject({ offset: 40_000, limit: WINDOW_LEN, columns: ["loss"] });
    expect(rows.total.value).toBe(100_000);
    expect(rows.at(40_050)?.id).toBe("id40050");
    rows.want(40_050, 40_090, ["loss", "acc"]);
    await settled();
    expect(asked[1]).toMatchObject({ columns: ["acc"] });
    expect(rows.at(40_051)?.columns).toEqual({ loss: 1, acc: 1 });
  });

  it("keep their places when columns come behind a run that was not there before", async () => {
    let isNew = false;
    const asked: Record<string, unknown>[] = [];
    const ask = async (body: Record<string, unknown>): Promise<RowsPage> => {
      asked.push(body);
      const columns = Object.fromEntries((body["columns"] as string[]).map((column) => [column, 1]));
      const all = [...(isNew ? [200] : []), ...Array.from({ length: 100 }, (_, at) => 99 - at)];
      const named = (body["filter"] as string[])[0]?.match(/\d+/g)?.map(Number);
      const items = (named ?? all.slice(0, WINDOW_LEN)).map((place) => row(place, columns));
      return { items, total: all.length, lsn: 1, notes: [] };
    };
    const rows = new Rows(ask);
    rows.turn(question);
    rows.want(0, 20, ["loss"]);
    await settled();
    isNew = true;
    rows.want(0, 20, ["loss", "acc"]);
    await settled();
    expect(rows.total.value).toBe(100);
    expect([rows.at(0), rows.at(99)].map((one) => one?.id)).toEqual(["id99", "id0"]);
    expect([rows.at(0), rows.at(99)].map((one) => one?.columns)).toEqual(Array(2).fill({ loss: 1, acc: 1 }));
    // The last one was no longer among the first hundred.
    expect(asked.map((body) => body["filter"])).toEqual([[], [], ["id in ('id0')"]]);
  });

  it("stay until those of a new question are there", async () => {
    const { ask } = server(10);
    const rows = new Rows(ask);
    rows.turn(question);
    rows.want(0, 10, ["loss"]);
    await settled();
    rows.turn({ ...question, key: "b", sort: ["loss"] });
    expect(rows.at(3)?.id).toBe("id3");
    rows.want(0, 10, ["loss"]);
    await settled();
    expect(rows.at(3)?.id).toBe("id3");
  });

  it("do not take an answer to an older question", async () => {
    const answers: ((page: RowsPage) => void)[] = [];
    const rows = new Rows(() => new Promise((resolve) => answers.push(resolve)));
    rows.turn(question);
    rows.want(0, 10, ["loss"]);
    rows.turn({ ...question, key: "b", sort: ["loss"] });
    rows.want(0, 10, ["loss"]);
    answers[1]?.({ items: [row(1)], total: 1, lsn: 1, notes: [] });
    await settled();
    answers[0]?.({ items: [row(9)], total: 9, lsn: 1, notes: [] });
    await settled();
    expect([rows.total.value, rows.at(0)?.id]).toEqual([1, "id1"]);
  });

  it("take newer values in their places", async () => {
    const { ask } = server(10);
    const rows = new Rows(ask);
    rows.turn(question);
    rows.want(0, 10, ["loss"]);
    await settled();
    rows.renew([{ ...row(4), state: "completed", columns: { loss: 0.5 } }], ["loss"]);
    const newer = rows.at(4) as Row;
    expect([newer.state, valueOf(newer, "loss"), rows.placeOf("id4")]).toEqual(["completed", 0.5, 4]);
  });

  it("have ids also where they were never seen, asked for by place", async () => {
    const { asked, ask } = server(5_000);
    const rows = new Rows(ask);
    rows.turn(question);
    rows.want(0, 10, ["loss"]);
    await settled();
    rows.want(2_400, 2_410, ["loss"]);
    await settled();
    expect(await rows.ids(50, 2_450)).toEqual(Array.from({ length: 2_400 }, (_, at) => `id${50 + at}`));
    expect(asked.slice(2).map(({ offset, limit, fields }) => [offset, limit, fields])).toEqual([
      [100, 1_000, ["id"]], [1_100, 1_000, ["id"]], [2_100, 300, ["id"]],
    ]);
    expect(await rows.ids(4_990, 5_100)).toHaveLength(10);
  });

  it("have no ids when another question was asked meanwhile", async () => {
    const { ask } = server(500);
    const rows = new Rows(ask);
    rows.turn(question);
    const ids = rows.ids(0, 400);
    rows.turn({ ...question, key: "b" });
    expect(await ids).toBeNull();
  });

  it("of far windows are forgotten", async () => {
    const { asked, ask } = server(1_000_000);
    const rows = new Rows(ask);
    rows.turn(question);
    for (let window = 0; window < 100; window += 1) rows.want(window * WINDOW_LEN, window * WINDOW_LEN + 1, ["loss"]);
    await settled();
    expect(rows.at(0)).toBeUndefined();
    expect(rows.at(99 * WINDOW_LEN)).toBeDefined();
    expect(asked).toHaveLength(100);
  });

  it("say what went wrong, and ask again when they are told to", async () => {
    let isBroken = true;
    const good = server(3);
    const rows = new Rows((body) => (isBroken ? Promise.reject(new Error("gone")) : good.ask(body)));
    rows.turn(question);
    rows.want(0, 3, ["loss"]);
    await settled();
    expect(rows.error.value?.message).toBe("gone");
    isBroken = false;
    rows.reload();
    rows.want(0, 3, ["loss"]);
    await settled();
    expect([rows.error.value, rows.total.value]).toEqual([null, 3]);
  });
});
