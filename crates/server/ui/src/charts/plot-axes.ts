/**
 * The axes of a plot, as they stand on the screen and in a file.
 *
 * Invariant: both have the same ticks, so that an image that was saved shows what was seen.
 */
import { axisTitle, type AxisName } from "./options";
import { durationTicks, shortDuration, shortNumber, shortTime, ticks, timeTicks, type Range, type Scale, type ScaleKind } from "./scale";
import type { Surface } from "./surface";
import type { Bounds } from "./line-paint";
import type { Theme } from "./theme";

/** The ticks of an axis. */
export function axisTicks(axis: AxisName, kind: ScaleKind, range: Range, count: number): number[] {
  if (kind === "linear" && axis === "time") return timeTicks(range, count);
  if (kind === "linear" && axis === "relative") return durationTicks(range, count);
  const found = ticks(kind, range, count);
  const whole = found.filter(Number.isInteger);
  // There is no step between two steps.
  return axis === "step" && whole.length > 0 ? whole : found;
}

/** What a place on an axis is called. */
export function axisText(axis: AxisName, value: number, range: Range): string {
  if (axis === "time") return shortTime(value, range);
  return axis === "relative" ? shortDuration(value) : shortNumber(value);
}

/** The same with everything that is known about it. */
export function placeText(axis: AxisName, value: number): string {
  if (axis === "time") return new Date(value).toLocaleString();
  if (axis === "relative") return shortDuration(value);
  const number = Number.isInteger(value) ? value.toLocaleString("en").replaceAll(",", " ") : shortNumber(value);
  return `${axisTitle(axis)} ${number}`;
}

/** How wide the numbers of a y axis are, in pixels. */
export function axisWidth(texts: readonly string[]): number {
  return 14 + 6.2 * Math.max(3, ...texts.map((text) => text.length));
}

/** Axes, grid and titles around a plot. */
export function paintAxes(
  surface: Surface,
  bounds: Bounds,
  x: Scale,
  y: Scale,
  names: { readonly x: AxisName; readonly y?: string },
  colors: Theme,
): void {
  const { left, top, width, height } = bounds;
  for (const tick of ticks(y.kind, y.range, Math.max(2, height / 40))) {
    const at = y.of(tick);
    surface.line([left, at, left + width, at], { stroke: colors.grid });
    surface.text(left - 6, at, shortNumber(tick), { fill: colors.soft, align: "right" });
  }
  paintAcross(surface, bounds, x, names.x, colors);
  if (names.y !== undefined) surface.text(left, top - 10, names.y, { fill: colors.soft });
}

/** The x axis alone. */
export function paintAcross(surface: Surface, { left, top, width, height }: Bounds, x: Scale, name: AxisName, colors: Theme): void {
  for (const tick of axisTicks(name, x.kind, x.range, Math.max(2, width / 90))) {
    const at = x.of(tick);
    surface.line([at, top, at, top + height], { stroke: colors.grid });
    surface.text(at, top + height + 12, axisText(name, tick, x.range), { fill: colors.soft, align: "center" });
  }
  surface.line([left, top + height, left + width, top + height], { stroke: colors.axis });
  surface.text(left + width, top + height + 28, axisTitle(name), { fill: colors.soft, align: "right" });
}
