/**
 * Groups of runs on a surface, in words and as a table.
 *
 * Invariant: the screen, the file, the words and the table have the same bands.
 */
import { palette } from "../state/colours";
import { closedAreas } from "./areas";
import { extentsOf, middleOf, type Band, type Middle } from "./bands";
import { paintLone, type Bounds, type Look } from "./line-paint";
import type { DataTable } from "./line-words";
import { paintAxes } from "./plot-axes";
import { scale, shortNumber, type Range, type Scale, type ScaleKind } from "./scale";
import type { Surface } from "./surface";
import { theme } from "./theme";

const DASHES = [[], [8, 4], [2, 3], [10, 3, 2, 3]];
const MARKERS = ["circle", "square", "triangle", "diamond"];

/** A group has no id: its place in the row of groups tells its look. */
export function lookOf(index: number): Look {
  const colours = palette();
  return {
    stroke: colours[index % colours.length] ?? "#888888",
    dash: DASHES[Math.floor(index / colours.length) % DASHES.length] ?? [],
    marker: MARKERS[index % MARKERS.length] ?? "circle",
  };
}

export function paintBands(surface: Surface, bands: readonly Band[], x: Scale, y: Scale, bounds: Bounds): void {
  surface.clip(bounds.left, bounds.top, bounds.width, bounds.height, () => {
    bands.forEach((band, index) => {
      for (const area of closedAreas(extentsOf(band), x, y)) surface.area(area, { fill: lookOf(index).stroke, opacity: 0.18 });
    });
    bands.forEach((band, index) => {
      const pixels = middleOf(band).map((value, at) => (at % 2 === 0 ? x.of(value) : y.of(value)));
      const look = lookOf(index);
      surface.line(pixels, { stroke: look.stroke, dash: look.dash, width: 2 });
      paintLone({ surface, bounds }, pixels, look);
    });
  });
}

/** The whole chart with its axes and names, for a file. */
export function paintGroups(
  surface: Surface,
  size: { readonly width: number; readonly height: number },
  bands: readonly Band[],
  { title, xRange, yRange, xScale, yScale }: { title: string; xRange: Range; yRange: Range; xScale: ScaleKind; yScale: ScaleKind },
): void {
  const colors = theme();
  const bounds = { left: 64, top: 30, width: size.width - 90, height: size.height - 100 };
  const x = scale(xScale, xRange, bounds.left, bounds.left + bounds.width);
  const y = scale(yScale, yRange, bounds.top + bounds.height, bounds.top);
  surface.text(bounds.left, 14, title.slice(0, 120), { fill: colors.text, size: 14, isBold: true });
  paintAxes(surface, bounds, x, y, { x: "step" }, colors);
  paintBands(surface, bands, x, y, bounds);
  bands.slice(0, 5).forEach((band, index) => {
    const left = bounds.left + index * (bounds.width / 5);
    surface.rect(left, size.height - 24, 12, 8, { fill: lookOf(index).stroke });
    surface.text(left + 18, size.height - 20, `${band.group} (n = ${band.runs})`.slice(0, 30), { fill: colors.text });
  });
}

/** A sentence for each group. */
export function wordsOfGroups(bands: readonly Band[], middle: Middle): string {
  const last = ({ middle: line }: Band) => shortNumber(line[line.length - 1] ?? Number.NaN);
  return bands.map((band) => `${band.group}: ${middle} of ${band.runs} runs, last ${last(band)}`).join(". ");
}

export function tableOfGroups(bands: readonly Band[], middle: Middle): DataTable {
  const value = (number: number | undefined) => (number === undefined || Number.isNaN(number) ? null : number);
  const rows = bands.flatMap((band) =>
    Array.from(band.places, (place, index) => [
      band.group, place, band.n[index] ?? 0, value(band.middle[index]), value(band.low[index]), value(band.high[index]),
    ]),
  );
  return { columns: ["group", "step", "n", middle, "low", "high"], rows };
}
