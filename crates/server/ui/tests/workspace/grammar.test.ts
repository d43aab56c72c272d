/** The page and the server read filters alike. Invariant: what the page refuses, the server refuses, at the same place. */
import { afterAll, beforeAll, expect, test } from "vitest";

import type { ErrorBody, ErrorPlace } from "../../src/api/types";
import { read } from "../../src/filter/check";
import { kindsOf, verdictOf } from "../../src/filter/verdict";
import { Server } from "../support/server";
import { eight } from "./made";

let server: Server;
beforeAll(async () => {
  server = await Server.start({ store: "empty" });
  await eight(server, "resnet");
});
afterAll(() => server.stop());

const KNOWN = kindsOf([
  { column: "loss", family: "metric", runs: 8 }, { column: "=lr", family: "param", runs: 8 }, { column: "=opt", family: "param", runs: 8 },
]);

/** What the server says is wrong with a filter; null when it takes it. */
async function asked(filter: string): Promise<ErrorPlace | null> {
  const response = await fetch(`${server.origin}/api/v1/runs/search`, {
    method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify({ filter: [filter], limit: 1 }),
  });
  const body = (await response.json()) as ErrorBody;
  if (response.ok) return null;
  expect([response.status, body.place?.text], filter).toEqual([400, filter]);
  return body.place ?? null;
}

/** What both say of a filter, when they do not agree. */
async function differences(filter: string): Promise<unknown[]> {
  const told = await asked(filter);
  const found = read(filter);
  // Which names there are is only known to the server, and it looks at names before it reads on.
  const isOfNames = told !== null && /^no run has|^a dataset has|does not fit|is no state|^`like` compares|true or false/.test(told.message);
  if ("wrong" in found) {
    const isSame = told !== null && (isOfNames || JSON.stringify({ ...told, suggestion: told.suggestion ?? null }) === JSON.stringify(found.wrong));
    return isSame ? [] : [filter, told, found.wrong];
  }
  if (told !== null && !isOfNames) return [filter, told, null];
  return told !== null && verdictOf(filter, KNOWN).kind === "ready" ? [filter, told, "ready"] : [];
}

const PIECES = [
  "loss", "lr", "opt", "los", "metrics.loss", "metrics.", "params.lr", "=lr", "=", "==", "<", "<=", "=<", "~", "!", "<>", "and", "or", "not",
  "NOT", "in", "like", "ilike", "between", "is", "null", "(", ")", ",", ";", "'a b'", "'it''s'", "'open", '"x"', '"', "`my loss`", "`", "tags.`a b`.c",
  "loss{subset=val}", "loss{", "loss.min", "loss.min@step", "0.5", "-1e-3", "1e", "-", "nan", "-7d", "2026-11-21", "today", "1h30m", "status",
  "running", "fa", "started", "took", "dirty", ".dirty", ".started", ".foo", "dataset.name", "dataset.x", "true", "名前", "😀", "x😀=y", "\u0085", "\ufeff", "id", "name", "seed",
  "attributes.name", "run.`run name`", "=`a b`", '="q"', "a\"b c\"d", "{", "}", "{a b}", "K", "lıke",
];

/** Numbers that look random and are the same in every run. */
function* numbers(): Generator<number, never> {
  let state = 20_261_122;
  for (;;) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    yield state / 2 ** 32;
  }
}

test("the page refuses what the server refuses, at the same place and in the same words", { timeout: 600_000 }, async () => {
  const random = numbers();
  const pick = (max: number): number => Math.floor(random.next().value * max);
  const filters = new Set<string>();
  const count = Number(process.env["MLTRACK_FILTERS"] ?? 250);
  while (filters.size < count) {
    const parts = Array.from({ length: 1 + pick(7) }, () => (pick(6) === 0 ? "" : " ") + PIECES[pick(PIECES.length)]);
    filters.add(parts.join(""));
  }
  const found: unknown[][] = [];
  const all = [...filters];
  while (all.length > 0) found.push(...(await Promise.all(all.splice(0, 50).map(differences))));
  expect(found.filter((each) => each.length > 0).slice(0, 12)).toEqual([]);
  const taken = [...filters].filter((filter) => "sentence" in read(filter)).length;
  expect([taken > count / 20, taken < (count * 19) / 20]).toEqual([true, true]);
});

test("sentences that grow key by key are refused alike at every key", { timeout: 600_000 }, async () => {
  const whole = [
    "loss.min < 0.25 and not dirty", "opt in ('adam', 'sgd') or lr between 0.1 and 0.3", "name not like 'it''s%' =lr >= 1e-3",
    "status in (failed, lost) and started > -7d", "metrics.`my loss`.min@step = 3 tags.\"a b\" is not null", "good =lr < 1 (x or 名前 = '😀😀')",
  ];
  const found: unknown[][] = [];
  for (const filter of whole) {
    const characters = Array.from(filter);
    const begun = characters.map((_, at) => characters.slice(0, at + 1).join(""));
    found.push(...(await Promise.all(begun.map(differences))));
  }
  expect(found.filter((each) => each.length > 0)).toEqual([]);
});

test("what nests too deep is refused, and as much as the server bears is not", async () => {
  for (const depth of [63, 64, 65, 3_000]) {
    expect(await differences(`${"(".repeat(depth)}lr = 1${")".repeat(depth)}`)).toEqual([]);
    expect(await differences(`${"not ".repeat(depth)}dirty`)).toEqual([]);
  }
  const long = `name in (${Array.from({ length: 2_000 }, (_, at) => `'${at}'`).join(", ")})`;
  expect(await differences(long)).toEqual([]);
});
