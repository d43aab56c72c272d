/**
 * Values of runs or groups side by side: bars with error bars, and boxes.
 *
 * Invariants: bars begin at zero; they are sorted by value, those without a value last; an error bar is the standard
 * error of the mean, and only where there are two values.
 */
import type { JSX } from "preact";

import { palette } from "../state/colours";
import { CanvasChart, type Hit } from "./canvas-chart";
import type { AskedRuns } from "./exports";
import { padded, rangeOf, scale, shortNumber, ticks, type Scale } from "./scale";
import { boxOf, mean, standardError, type Box } from "./statistics";
import type { Surface } from "./surface";
import { theme } from "./theme";

/** What one bar or box is about: one value for a run, several for a group. */
export interface BarValue {
  readonly name: string;
  readonly values: readonly number[];
  readonly color?: string;
  readonly open?: () => void;
}

const ROW = 26;

interface Row {
  readonly bar: BarValue;
  readonly finite: readonly number[];
  readonly middle: number;
}

function sortedRows(bars: readonly BarValue[], isMean: boolean): Row[] {
  const rows = bars.map((bar) => {
    const finite = bar.values.filter(Number.isFinite);
    const middle = finite.length === 0 ? Number.NaN : isMean ? mean(finite) : (boxOf(finite)?.median ?? Number.NaN);
    return { bar, finite, middle };
  });
  const rank = ({ middle }: Row) => (Number.isNaN(middle) ? -Infinity : middle);
  return rows.sort((left, right) => (rank(right) > rank(left) ? 1 : rank(right) < rank(left) ? -1 : 0));
}

function colorOf(row: Row, index: number): string {
  const colours = palette();
  return row.bar.color ?? colours[index % colours.length] ?? "#888888";
}

/** Names at the left, a grid, and a row for each; returns where rows go. */
function paintRows(surface: Surface, rows: readonly Row[], width: number, height: number, x: (left: number, right: number) => Scale): { x: Scale; top: (index: number) => number } {
  const colors = theme();
  const longest = Math.max(0, ...rows.map(({ bar }) => bar.name.length));
  const left = Math.min(16 + 6.5 * longest, Math.max(120, width * 0.4));
  const scaled = x(left, width - 64);
  const bottom = 8 + rows.length * ROW;
  for (const tick of ticks("linear", scaled.range, Math.max(2, (width - left) / 90))) {
    const at = scaled.of(tick);
    surface.line([at, 8, at, Math.min(bottom, height - 18)], { stroke: colors.grid });
    surface.text(at, Math.min(bottom + 10, height - 8), shortNumber(tick), { fill: colors.soft, align: "center" });
  }
  rows.forEach((row, index) => {
    const name = row.bar.name.length > left / 6.5 ? `${row.bar.name.slice(0, Math.floor(left / 6.5) - 1)}…` : row.bar.name;
    surface.text(left - 8, 8 + index * ROW + ROW / 2, name, { fill: colors.text, align: "right" });
  });
  return { x: scaled, top: (index) => 8 + index * ROW };
}

export function Bars(props: { title: string; bars: readonly BarValue[]; asked?: AskedRuns; note?: string | null }): JSX.Element {
  const rows = sortedRows(props.bars, true);
  const paint = (surface: Surface, width: number, height: number): readonly Hit[] => {
    const colors = theme();
    const errors = rows.map(({ finite }) => standardError(finite));
    const ends = rows.flatMap(({ middle }, index) => [middle - (errors[index] ?? 0), middle + (errors[index] ?? 0)]);
    const range = rangeOf("linear", [...ends, 0]) ?? { from: 0, to: 1 };
    const wide = range.from < range.to ? range : { from: 0, to: 1 };
    const { x, top } = paintRows(surface, rows, width, height, (left, right) => scale("linear", wide, left, right));
    return rows.map((row, index) => {
      const { middle, finite, bar } = row;
      const at = top(index);
      const error = errors[index] ?? null;
      const text = `${bar.name}: ${shortNumber(middle)}${error === null ? "" : ` ± ${shortNumber(error)} (standard error, n = ${finite.length})`}`;
      if (!Number.isNaN(middle)) {
        const [start, end] = [Math.min(x.of(0), x.of(middle)), Math.max(x.of(0), x.of(middle))];
        surface.rect(start, at + 5, Math.max(1, end - start), ROW - 10, { fill: colorOf(row, index), opacity: 0.85 });
        if (error !== null) {
          const [low, high, y] = [x.of(middle - error), x.of(middle + error), at + ROW / 2];
          surface.line([low, y - 4, low, y + 4, Number.NaN, Number.NaN, low, y, high, y, Number.NaN, Number.NaN, high, y - 4, high, y + 4], { stroke: colors.text, width: 1.5 });
        }
      }
      const label = Number.isNaN(middle) ? "none" : shortNumber(middle);
      const place = Number.isNaN(middle) ? x.of(0) : Math.max(x.of(0), x.of(middle + (error ?? 0)));
      surface.text(place + 6, at + ROW / 2, label, { fill: colors.soft });
      return { x: 0, y: at, width, height: ROW, text, ...(bar.open ? { open: bar.open } : {}) };
    });
  };
  const best = rows[0];
  return (
    <CanvasChart
      title={props.title}
      summary={`${rows.length} bars.${best ? ` Highest: ${best.bar.name} with ${shortNumber(best.middle)}.` : ""}`}
      height={rows.length * ROW + 34}
      {...(props.asked === undefined ? {} : { asked: props.asked })}
      note={props.note ?? null}
      paint={paint}
      table={() => ({
        columns: ["name", "mean", "standard error", "n"],
        rows: rows.map(({ bar, middle, finite }) => [bar.name, Number.isNaN(middle) ? null : middle, standardError(finite), finite.length]),
      })}
    />
  );
}

export function Boxes(props: { title: string; boxes: readonly BarValue[]; asked?: AskedRuns }): JSX.Element {
  const rows = sortedRows(props.boxes, false);
  const paint = (surface: Surface, width: number, height: number): readonly Hit[] => {
    const range = padded("linear", rangeOf("linear", ...rows.map(({ finite }) => finite)) ?? { from: 0, to: 1 });
    const { x, top } = paintRows(surface, rows, width, height, (left, right) => scale("linear", range, left, right));
    return rows.map((row, index) => {
      const box = boxOf(row.finite);
      if (box !== null) paintBox(surface, box, x, top(index), colorOf(row, index));
      const text = box === null ? `${row.bar.name}: no value` : `${row.bar.name}: ${boxText(box)}`;
      return { x: 0, y: top(index), width, height: ROW, text, ...(row.bar.open ? { open: row.bar.open } : {}) };
    });
  };
  return (
    <CanvasChart
      title={props.title}
      summary={rows.slice(0, 5).map(({ bar, middle, finite }) => `${bar.name}: median ${shortNumber(middle)} of ${finite.length}`).join(". ")}
      height={rows.length * ROW + 34}
      {...(props.asked === undefined ? {} : { asked: props.asked })}
      paint={paint}
      table={() => ({
        columns: ["name", "n", "low", "quarter", "median", "three quarters", "high", "mean", "outliers"],
        rows: rows.map(({ bar, finite }) => {
          const box = boxOf(finite);
          return box === null
            ? [bar.name, 0, null, null, null, null, null, null, 0]
            : [bar.name, box.n, box.low, box.quarter, box.median, box.threeQuarters, box.high, box.mean, box.outliers.length];
        }),
      })}
    />
  );
}

function boxText(box: Box): string {
  return `n = ${box.n}, median ${shortNumber(box.median)}, middle half ${shortNumber(box.quarter)} to ${shortNumber(box.threeQuarters)}, ${box.outliers.length} outliers`;
}

function paintBox(surface: Surface, box: Box, x: Scale, top: number, color: string): void {
  const colors = theme();
  const y = top + ROW / 2;
  const [low, quarter, median, threeQuarters, high] = [box.low, box.quarter, box.median, box.threeQuarters, box.high].map(x.of) as [number, number, number, number, number];
  surface.line([low, y, quarter, y, Number.NaN, Number.NaN, threeQuarters, y, high, y], { stroke: color, width: 1.5 });
  surface.line([low, y - 4, low, y + 4, Number.NaN, Number.NaN, high, y - 4, high, y + 4], { stroke: color, width: 1.5 });
  surface.rect(quarter, top + 5, Math.max(1, threeQuarters - quarter), ROW - 10, { fill: color, opacity: 0.35 });
  if (box.n === 1) surface.marker(median, y, "circle", 3.5, color);
  surface.line([median, top + 4, median, top + ROW - 4], { stroke: colors.text, width: 2 });
  for (const outlier of box.outliers) surface.marker(x.of(outlier), y, "ring", 2.5, color);
}
