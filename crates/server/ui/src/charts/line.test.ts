/** Lines: from answers, appended, put together, painted, said. Invariant: no spike is lost on the way. */
import { describe, expect, it } from "vitest";

import type { Columns } from "../api/columns";
import { bySpan } from "./batch";
import { appended, decades, gapOf, lineOf, merged, nearestRow, type Line } from "./line-model";
import { crossingsOf, placedLabels, spread } from "./line-labels";
import { edgeMarks, envelope, extremes, paintLines, path, type StyledLine } from "./line-paint";
import { rangeOfPlaces, rangeOfValues } from "./line-range";
import { summaryOf, tableOfLines } from "./line-words";
import { scale } from "./scale";
import { SvgSurface } from "./svg";

function points(steps: number[], values: number[]): Line {
  const columns = { step: Float64Array.from(steps), value: Float64Array.from(values) };
  return lineOf({ run: "a", metric: "loss", kind: "points", rows: steps.length, columns } as Columns);
}

function styled(line: Line, name = "elk"): StyledLine {
  return { line, name, look: { stroke: "#0072B2", dash: [], marker: "circle" } };
}

const OPTIONS = { hasEnvelope: true, highlighted: null, hasLabels: true, textColor: "#333", background: "#fff" };
const BOUNDS = { left: 0, top: 0, width: 100, height: 100 };

describe("a line", () => {
  it("is made of points, buckets and curves alike", () => {
    expect(points([0, 1], [5, Number.NaN]).nanCount).toEqual(Float64Array.of(0, 1));
    const one = (value: number) => Float64Array.of(value);
    const buckets = lineOf({
      run: "a", metric: "loss", kind: "buckets", rows: 1,
      columns: {
        step_first: new BigInt64Array([2n ** 60n]), step_last: new BigInt64Array([2n ** 60n + 8n]), first: one(1), last: one(2), min: one(0),
        min_step: one(3), max: one(9), max_step: one(4), mean: one(3), count: one(8), nan_count: one(0),
      },
    });
    expect([buckets.from[0], buckets.max[0], buckets.maxAt[0]]).toEqual([2 ** 60, 9, 4]);
  });

  it("takes new points behind its end and no others", () => {
    const line = points([0, 1], [5, 4]);
    const next = appended(line, { step: [3, 2], value: [2, 3] });
    expect(Array.from(next?.from ?? [])).toEqual([0, 1, 2, 3]);
    expect(Array.from(next?.max ?? [])).toEqual([5, 4, 3, 2]);
    expect(appended(line, { step: [1], value: [7] })).toBeNull();
    expect(appended(line, { step: [2, 2], value: [7, 8] })).toBeNull();
  });

  it("keeps its spikes when it is put together", () => {
    const steps = Array.from({ length: 1_000 }, (_, step) => step);
    const values = steps.map((step) => (step === 777 ? 1e9 : step === 5 ? Number.NaN : 1));
    const coarse = merged(points(steps, values), 100);
    expect(coarse.rows).toBe(100);
    const row = coarse.max.indexOf(1e9);
    expect([row, coarse.maxAt[row], coarse.count.reduce((sum, count) => sum + count, 0)]).toEqual([77, 777, 1_000]);
    expect(coarse.nanCount[0]).toBe(1);
    expect(coarse.mean[0]).toBe(1);
  });

  it("is as fine everywhere when it was appended to for long, on either axis", () => {
    for (const place of [(x: number) => x, decades]) {
      let line = points([1], [1]);
      for (let step = 2; step <= 5_000; step += 1) {
        line = appended(line, { step: [step], value: [step === 4_321 ? 1e9 : 1] }) ?? line;
        if (line.rows > 125) line = merged(line, 100, place);
      }
      expect(line.rows).toBeGreaterThan(60);
      expect(line.rows).toBeLessThanOrEqual(125);
      const share = (place(5_000) - place(1)) / 100;
      const lengths = Array.from(line.from, (from, row) => place(line.to[row] ?? 0) - place(from));
      expect(Math.max(...lengths)).toBeLessThanOrEqual(1.5 * share);
      expect([line.maxAt[line.max.indexOf(1e9)], line.count.reduce((sum, count) => sum + count, 0)]).toEqual([4_321, 5_000]);
    }
  });

  it("keeps what is close to where a logarithmic axis begins, whatever lies left of it", () => {
    const xs = [-1, 0, ...Array.from({ length: 500 }, (_, index) => 10 ** (index / 100 - 3))];
    const coarse = merged(points(xs, xs), 100, decades);
    expect(coarse.rows).toBeGreaterThan(80);
    expect(coarse.rows).toBeLessThanOrEqual(100);
    expect(merged(points([1, 1, 1, 1], [1, 2, 3, 4]), 2, decades).max).toEqual(Float64Array.of(4));
  });

  it("is smoothed over the length of the longest of its metric", () => {
    const of = (metric: string, steps: number[]) => ({ ...points(steps, steps), metric });
    const lines = [of("loss", [0, 10]), of("loss{subset=val}", [5, 105]), of("acc", [0, 100]), of("lr", [3])];
    expect([...bySpan(lines)]).toEqual([[100, ["loss", "acc"]], [0, ["lr"]]]);
  });

  it("finds the row at a place", () => {
    const line = points([0, 10, 20], [1, 2, 3]);
    expect([nearestRow(line, -5), nearestRow(line, 14), nearestRow(line, 16), nearestRow(line, 99)]).toEqual([0, 1, 2, 2]);
    expect(nearestRow(points([], []), 1)).toBe(-1);
  });
});

describe("painting", () => {
  it("breaks a line where nothing was logged, and where a value is no number", () => {
    const line = points([0, 1, 2, 3, 4, 100, 101, 102], [1, 1, Number.NaN, 1, 1, 1, 1, 1]);
    const x = scale("linear", { from: 0, to: 102 }, 0, 102);
    const y = scale("linear", { from: 0, to: 2 }, 100, 0);
    const pairs = path(line, line.mean, x, y, gapOf(line));
    const broken = pairs.filter((_, index) => index % 2 === 1).map(Number.isNaN);
    expect(broken).toEqual([false, false, true, false, false, true, false, false, false]);
  });

  it("stays whole over time where a training slows down", () => {
    const times = Array.from({ length: 100 }, (_, index) => (index < 70 ? index : 70 + (index - 70) * 30));
    const line = points(times, times.map(() => 1));
    expect(gapOf(line)).toBeGreaterThan(30);
  });

  it("fills between the true extremes", () => {
    const steps = Array.from({ length: 100 }, (_, step) => step);
    const coarse = merged(points(steps, steps.map((step) => (step % 2 === 0 ? 0 : 10))), 10);
    const same = scale("linear", { from: 0, to: 100 }, 0, 100);
    const [band] = envelope(coarse, same, same, Infinity);
    const ys = (band ?? []).filter((_, index) => index % 2 === 1);
    expect([Math.min(...ys), Math.max(...ys), ys.length]).toEqual([0, 10, 40]);
  });

  it("sets labels apart and keeps them above the bottom", () => {
    expect(spread([10, 11, 50], 12, 100)).toEqual([10, 22, 50]);
    expect(spread([96, 97, 98], 12, 100)).toEqual([76, 88, 100]);
  });

  it("marks points that have no neighbour they could be connected with", () => {
    const marks = (line: Line, kind: "linear" | "log" = "linear") => {
      const surface = new SvgSurface(100, 100, "#fff", "");
      const y = scale(kind, { from: kind === "log" ? 0.1 : -10, to: 10 }, 100, 0);
      paintLines(surface, [styled(line)], scale("linear", { from: 0, to: 102 }, 0, 100), y, BOUNDS, { ...OPTIONS, hasLabels: false });
      return surface.finish().match(/Z" fill="#0072B2"/g)?.length ?? 0;
    };
    expect(marks(points([7], [1]))).toBe(1);
    const around = Array.from({ length: 41 }, (_, at) => (at < 20 ? at : at === 20 ? 50 : at + 62));
    expect(marks(points(around, around.map(() => 1)))).toBe(1);
    expect(marks(points([0, 1, 2], [1, Number.NaN, 1]))).toBe(2);
    // On a logarithmic axis what is not above zero is no neighbour.
    expect(marks(points([0, 1, 2], [0, 1, -1]), "log")).toBe(1);
    expect(marks(points([0, 1, 2], [1, 2, 3]))).toBe(0);
    const smooth = { ...points([7], [1]), smooth: Float64Array.of(1) };
    expect(marks(smooth)).toBe(1);
  });

  it("marks what is no number at the edges, and not twice at one place", () => {
    const line = points([0, 1, 40, 80, 100], [Number.NaN, Number.NaN, Infinity, -Infinity, 1]);
    const x = scale("linear", { from: 0, to: 100 }, 0, 100);
    expect(edgeMarks(line, x, BOUNDS)).toEqual([
      { x: 0, y: 94, shape: "cross" },
      { x: 40, y: 6, shape: "triangle" },
      { x: 80, y: 94, shape: "diamond" },
    ]);
    expect(edgeMarks(line, scale("linear", { from: 50, to: 100 }, 0, 100), BOUNDS).map(({ shape }) => shape)).toEqual(["diamond"]);
  });

  it("puts labels of extremes where no line, end or other label is", () => {
    const bounds = { left: 0, top: 0, width: 400, height: 200 };
    const falling = Array.from({ length: 41 }, (_, index) => [index * 10, 20 + index * 4]).flat();
    const wanted = [
      { x: 0, y: 20, text: "max 9.1", side: -1 as const },
      { x: 400, y: 180, text: "min 0.02", side: 1 as const },
    ];
    const ends = [{ left: 397, top: 177, width: 6, height: 6 }];
    const [highest, lowest] = placedLabels(wanted, [falling], ends, bounds);
    for (const place of [highest, lowest]) {
      expect(place?.crossings).toBe(0);
      expect(crossingsOf(falling, place ?? bounds)).toBe(0);
    }
    expect((lowest?.left ?? 0) + (lowest?.width ?? 0)).toBeLessThanOrEqual(397);
  });

  it("leaves a label out rather than putting it on another", () => {
    const bounds = { left: 0, top: 0, width: 60, height: 20 };
    const one = { x: 30, y: 10, text: "min 1.234", side: 1 as const };
    expect(placedLabels([one, one, one], [], [], { ...bounds, height: 40 }).filter((place) => place !== null).length).toBeLessThan(3);
    expect(placedLabels([one], [], [], bounds)).toEqual([null]);
  });

  it("writes an SVG whose names cannot leave their text", () => {
    const surface = new SvgSurface(100, 100, "#fff", "<script>&");
    const line = points([0, 1, 2], [1, Infinity, 3]);
    const x = scale("linear", { from: 0, to: 2 }, 0, 100);
    const y = scale("linear", { from: 0, to: 4 }, 100, 0);
    paintLines(surface, [styled(line)], x, y, BOUNDS, OPTIONS);
    surface.text(0, 0, '"</text><script>', { fill: "#000" });
    const svg = surface.finish();
    expect(svg).not.toContain("<script>");
    expect(svg).toContain("<title>&lt;script&gt;&amp;</title>");
    expect(svg).toContain('stroke="#0072B2"');
    expect(svg).toContain(">min 1</text>");
  });
});

describe("ranges and words", () => {
  it("hold every value, or leave the outermost hundredth out", () => {
    const steps = Array.from({ length: 200 }, (_, step) => step);
    const line = points(steps, steps.map((step) => (step === 100 ? 1e6 : 1 + (step % 2))));
    expect(rangeOfPlaces([line], "linear")).toEqual({ from: 0, to: 199 });
    expect(rangeOfPlaces([line], "log")).toEqual({ from: 1, to: 199 });
    expect(rangeOfValues([line], { from: 0, to: 199 }, "linear", false)?.to).toBeGreaterThan(1e6);
    expect(rangeOfValues([line], { from: 0, to: 199 }, "linear", true)?.to).toBeLessThan(3);
    expect(rangeOfValues([line], { from: 0, to: 99 }, "linear", false)?.to).toBeLessThan(3);
    expect(extremes(line, 90, 110).highest).toEqual({ x: 100, value: 1e6 });
  });

  it("say what is seen", () => {
    const line = points([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11], [9, 8, 7, 6, 5, 4, 3, 2, 1, 0, -1, -2]);
    const words = summaryOf([styled(line)], "loss", { from: 0, to: 11 });
    expect(words).toContain("elk: last −2, min −2 at 11, max 9 at 0, falling at the end");
    expect(tableOfLines([styled(line)], "step").rows[1]).toEqual(["elk", 1, 8, 8, 8, 8, 1]);
    expect(summaryOf([], "loss", { from: 0, to: 1 })).toBe("loss: no points.");
  });
});
