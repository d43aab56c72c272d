/**
 * Figures as marks of a picture.
 *
 * Invariant: bars of one stretch stand on each other in the order of the series; a line breaks where there is no figure.
 */

/** What is drawn of a series. */
export interface ChartSeries {
  readonly name: string;
  readonly colour: string;
  /** A pattern of bars; null for a plain one. */
  readonly pattern: Pattern | null;
  /** A dash of lines; null for a whole one. */
  readonly dash: string | null;
  readonly values: readonly (number | null)[];
}

export type Pattern = "hatch" | "dots" | "cross" | "back";

export interface PlotBox {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
  readonly maximum: number;
}

/** A mark: a bar as a rectangle, a line as a path. */
export interface Mark {
  readonly series: number;
  readonly path: string;
  /** Points of a line that have no neighbour, as lines of no length: dots, where ends are round. */
  readonly dots: string;
}

/** Where a moment stands. */
export function across(ms: number, edges: readonly number[], box: PlotBox): number {
  const [first, last] = [edges[0] ?? 0, edges[edges.length - 1] ?? 1];
  return box.left + ((ms - first) / Math.max(1, last - first)) * box.width;
}

function upward(value: number, box: PlotBox): number {
  return box.top + box.height - (box.maximum === 0 ? 0 : (value / box.maximum) * box.height);
}

/** The highest mark. */
export function maximumOf(series: readonly ChartSeries[], count: number, kind: "bars" | "lines"): number {
  let most = 0;
  for (let at = 0; at < count; at += 1) {
    const values = series.map(({ values: all }) => all[at] ?? 0);
    most = Math.max(most, kind === "bars" ? values.reduce((sum, each) => sum + each, 0) : Math.max(0, ...values));
  }
  return most === 0 ? 1 : most;
}

/** Bars on each other: one path for each series. */
export function barsOf(series: readonly ChartSeries[], edges: readonly number[], box: PlotBox): Mark[] {
  const ground = new Float64Array(Math.max(0, edges.length - 1));
  return series.map(({ values }, place) => {
    const parts: string[] = [];
    ground.forEach((from, at) => {
      const value = values[at] ?? 0;
      if (value <= 0) return;
      const [left, right] = [across(edges[at] ?? 0, edges, box), across(edges[at + 1] ?? 0, edges, box)];
      const gap = right - left > 6 ? 1 : 0;
      const [low, high] = [upward(from, box), upward(from + value, box)];
      parts.push(`M${round(left + gap)} ${round(low)}V${round(high)}H${round(right - gap)}V${round(low)}Z`);
      ground[at] = from + value;
    });
    return { series: place, path: parts.join(""), dots: "" };
  });
}

/** A line for each series, through the middles of the stretches. */
export function linesOf(series: readonly ChartSeries[], edges: readonly number[], box: PlotBox): Mark[] {
  return series.map(({ values }, place) => {
    let [path, dots] = ["", ""];
    values.forEach((value, at) => {
      if (value === null) return;
      const middle = ((edges[at] ?? 0) + (edges[at + 1] ?? 0)) / 2;
      const point = `${round(across(middle, edges, box))} ${round(upward(value, box))}`;
      const [isAfter, isBefore] = [(values[at - 1] ?? null) !== null, (values[at + 1] ?? null) !== null];
      if (isAfter || isBefore) path += `${isAfter ? "L" : "M"}${point}`;
      else dots += `M${point}l0 0`;
    });
    return { series: place, path, dots };
  });
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}

/** Round numbers from 0 up to at most the maximum. */
export function ticksOf(maximum: number): number[] {
  const rough = maximum / 3;
  const size = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((times) => times * size).find((each) => each >= rough) ?? rough;
  const ticks: number[] = [];
  for (let at = 0; at * step <= maximum * 1.0001; at += 1) ticks.push(at * step);
  return ticks;
}

/** The stretch that stands at a place of the screen. */
export function stretchAt(x: number, edges: readonly number[], box: PlotBox): number {
  const [first, last] = [edges[0] ?? 0, edges[edges.length - 1] ?? 1];
  const ms = first + ((x - box.left) / box.width) * (last - first);
  const at = edges.findIndex((edge) => edge > ms) - 1;
  return Math.min(edges.length - 2, Math.max(0, at === -2 ? edges.length - 2 : at));
}
