/** Completion of filters. Invariant: what is suggested fits the place where somebody types. */
import { describe, expect, it } from "vitest";

import { expectedAt, suggestions, taken, type Name } from "./complete";
import { quotedColumn, quotedText } from "./lex";

const NAMES: Name[] = [
  { column: "val/loss", family: "metric", runs: 12 },
  { column: "=optimizer.lr", family: "param", runs: 1234 },
  { column: "tags.my team", family: "tag", runs: 3 },
];
const at = (filter: string) => expectedAt(filter, filter.length);

describe("completion", () => {
  it("expects columns, operators, values and joints in turn", () => {
    expect(at("")).toMatchObject({ kind: "column", prefix: "" });
    expect(at("lo")).toMatchObject({ kind: "column", prefix: "lo", from: 0, to: 2 });
    expect(at("loss ")).toMatchObject({ kind: "operator", column: "loss" });
    expect(at("loss < ")).toMatchObject({ kind: "value", column: "loss" });
    expect(at("loss < 0.5 ")).toMatchObject({ kind: "joint" });
    expect(at("loss < 0.5 and ")).toMatchObject({ kind: "column" });
    expect(at("status in (failed, ")).toMatchObject({ kind: "value", column: "status" });
    expect(at("name not like ")).toMatchObject({ kind: "value", column: "name" });
    expect(at("x between 1 and ")).toMatchObject({ kind: "value", column: "x" });
    expect(at("x between 1 and 2 ")).toMatchObject({ kind: "joint" });
    expect(at("lr = 'ad")).toMatchObject({ kind: "value", prefix: "'ad", from: 5 });
    expect(at("name = 'x' ")).toMatchObject({ kind: "joint" });
    expect(at("=l")).toMatchObject({ kind: "column", prefix: "=l" });
    expect(at("=lr ")).toMatchObject({ kind: "operator", column: "=lr" });
    expect(at("a = 1 and =lr = ")).toMatchObject({ kind: "value", column: "=lr" });
  });

  it("takes what stands behind the cursor into the token that is replaced", () => {
    expect(expectedAt("loss < 1", 2)).toMatchObject({ from: 0, to: 4, prefix: "lo" });
    expect(taken("loss < 1", expectedAt("loss < 1", 2), "val/loss")).toEqual({ filter: "val/loss < 1", cursor: 9 });
    expect(taken("lo", at("lo"), "loss")).toEqual({ filter: "loss ", cursor: 5 });
    expect(taken("status ", at("status "), "in")).toEqual({ filter: "status in (", cursor: 11 });
  });

  it("suggests names that begin so first, quoted where they must be", () => {
    const found = suggestions(at("lo"), NAMES, []);
    expect(found[0]).toEqual({ text: "val/loss", note: "metric, 12 runs" });
    expect(suggestions(at("team"), NAMES, [])[0]?.text).toBe("tags.`my team`");
    expect(suggestions(at("lr"), NAMES, [])[0]).toEqual({ text: "=optimizer.lr", note: "param, 1,234 runs" });
    expect(suggestions(at("sta"), NAMES, [])[0]?.text).toBe("status");
  });

  it("suggests values as the server reads them", () => {
    const values = ["adam", "it's", "0.1"];
    expect(suggestions(at("opt = "), NAMES, values).map(({ text }) => text)).toEqual(["'adam'", "'it''s'", "0.1"]);
    expect(suggestions(at("opt = 'ad"), NAMES, values)[0]?.text).toBe("'adam'");
    expect(suggestions(at("status = fa"), NAMES, [])[0]?.text).toBe("failed");
    expect(suggestions(at("started > -7"), NAMES, [])[0]?.text).toBe("-7d");
  });

  it("quotes what is no plain word", () => {
    expect(quotedColumn("=a b")).toBe("params.`a b`");
    expect(quotedColumn("loss{subset=val}")).toBe("loss{subset=val}");
    expect(quotedColumn("not")).toBe("metrics.`not`");
    expect(quotedText("it's")).toBe("'it''s'");
  });
});
