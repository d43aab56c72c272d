/**
 * How a chart is looked at, and how that stands in the address.
 *
 * Invariant: what is as it always is takes no place in the address; what cannot be read is as it always is.
 */
import type { Codec } from "../state/url";
import type { Range, ScaleKind } from "./scale";

/** `step`, `time`, `relative`, or `metrics.NAME`. */
export type AxisName = string;

export interface ChartOptions {
  readonly x: AxisName;
  readonly xScale: ScaleKind;
  readonly yScale: ScaleKind;
  /** From 0, which is none, to below 1. */
  readonly smoothing: number;
  /** Whether the outermost values may lie outside. */
  readonly isClipped: boolean;
  /** Which part of the x axis is seen; null for all. */
  readonly zoom: Range | null;
}

export const DEFAULTS: ChartOptions = { x: "step", xScale: "linear", yScale: "linear", smoothing: 0, isClipped: false, zoom: null };

/** The strengths that the key s goes through. */
export const SMOOTHINGS = [0, 0.6, 0.9, 0.99] as const;

/** The axes that the key t goes through. */
export const AXES = ["step", "relative", "time"] as const;

function write(options: ChartOptions): string {
  const parts: string[] = [];
  if (options.x !== DEFAULTS.x) parts.push(`x=${encodeURIComponent(options.x)}`);
  if (options.xScale === "log") parts.push("xlog");
  if (options.yScale === "log") parts.push("ylog");
  if (options.smoothing > 0) parts.push(`s=${options.smoothing}`);
  if (options.isClipped) parts.push("clip");
  if (options.zoom !== null) parts.push(`z=${options.zoom.from}~${options.zoom.to}`);
  return parts.join(";");
}

function read(text: string): ChartOptions {
  const options: { -readonly [Name in keyof ChartOptions]: ChartOptions[Name] } = { ...DEFAULTS };
  for (const part of text.split(";")) {
    const [name, ...rest] = part.split("=");
    const value = rest.join("=");
    if (name === "x" && value !== "") options.x = decoded(value);
    else if (name === "xlog") options.xScale = "log";
    else if (name === "ylog") options.yScale = "log";
    else if (name === "clip") options.isClipped = true;
    else if (name === "s" && Number(value) > 0 && Number(value) < 1) options.smoothing = Number(value);
    else if (name === "z") options.zoom = zoomOf(value);
  }
  return options;
}

function decoded(text: string): string {
  try {
    const name = decodeURIComponent(text);
    return (AXES as readonly string[]).includes(name) || name.startsWith("metrics.") ? name : DEFAULTS.x;
  } catch {
    return DEFAULTS.x;
  }
}

function zoomOf(text: string): Range | null {
  const [from, to] = text.split("~").map((part) => (part === "" ? Number.NaN : Number(part)));
  return from !== undefined && to !== undefined && Number.isFinite(from) && Number.isFinite(to) && from < to ? { from, to } : null;
}

export const optionsCodec: Codec<ChartOptions> = { read, write };

/** The options of single panels, by metric. */
export type PanelOptions = Readonly<Record<string, ChartOptions>>;

export const panelsCodec: Codec<PanelOptions> = {
  read(text) {
    const entries = text.split("|").flatMap((part) => {
      const at = part.indexOf(":");
      if (at <= 0) return [];
      try {
        return [[decodeURIComponent(part.slice(0, at)), read(part.slice(at + 1))] as const];
      } catch {
        return [];
      }
    });
    return Object.fromEntries(entries);
  },
  write: (panels) =>
    Object.entries(panels)
      .map(([metric, options]) => `${encodeURIComponent(metric)}:${write(options)}`)
      .join("|"),
};

/** The next of a row, beginning again behind the last. */
export function next<T>(row: readonly T[], current: T): T {
  return row[(row.indexOf(current) + 1) % row.length] ?? current;
}

/** What an axis is called. */
export function axisTitle(x: AxisName): string {
  if (x === "relative") return "time since the start";
  return x.startsWith("metrics.") ? x.slice("metrics.".length) : x;
}
