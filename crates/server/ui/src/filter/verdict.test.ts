/** When a filter is asked. Invariant: what is half typed never is, and what is whole is at once. */
import { expect, it } from "vitest";

import type { Name } from "./complete";
import { kindsOf, verdictOf } from "./verdict";

const NAMES: Name[] = [
  { column: "loss", family: "metric", runs: 12 },
  { column: "=opt", family: "param", runs: 12 },
  { column: "tags.my team", family: "tag", runs: 3 },
];
const kinds = (...filters: string[]): string[] => filters.map((filter) => verdictOf(filter, kindsOf(NAMES)).kind);
const all = (kind: string, filters: readonly string[]): void => expect(kinds(...filters)).toEqual(filters.map(() => kind));

it("asks at once what is whole and names what runs have", () => {
  all("ready", [
    "", "  ", "loss < 0.5", "loss.min@step >= 3", "metrics.acc > 1", "=lr < 1", "params.x = y", "tags.`my team` like 'a%'", "`my team` is null",
    "status = Failed", "started > -7d", "started = 2026-11-21", "took > 1h30m", "dirty", "not dirty", "resnet", "'two words'", "run.name = x",
    "dataset.name = 'x'", "opt in ('adam', \"sgd\")", "loss between 0 and nan", "resnet loss < 1",
  ]);
});

it("waits with what the server may refuse, and with words that are likely to become columns", () => {
  all("doubtful", [
    "los < 5", "metrics.loss < x", "loss like 'a'", "loss < -", "status = fa", "started > tod", "took > 1h3", ".foo = 1", "dataset.x = 1",
    "dirty = maybe", "dirty in (true)", "number < a",
    "l", "los", "loss", "opt ", "loss < 1 an", "loss < 1 o", "loss < 1 no", "metri", "st", "MY",
  ]);
});

it("never asks what is no sentence", () => {
  all("wrong", ["loss <", "loss < 0.5 and ", "loss < 0.5 or", "opt = 'ad", "status in (", "metrics.loss", "=lr", "not", "("]);
});
