/**
 * Numbers as shades.
 *
 * Invariant: a larger number never has a lighter shade, and only nothing has the shade of nothing.
 */

/** Bounds between five shades, so that each is of use: nothing, and four parts of what is there. */
export function shadesOf(values: readonly number[]): number[] {
  const sorted = values.filter((value) => value > 0).sort((a, b) => a - b);
  const bounds = [0.25, 0.5, 0.75].map((part) => sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))] ?? 0);
  return [...new Set(bounds)];
}

/** The shade of a value: 0 for nothing, up to 4. */
export function shadeOf(value: number, bounds: readonly number[]): number {
  if (!(value > 0)) return 0;
  const above = bounds.filter((bound) => value > bound).length;
  // Few different values still reach the darkest shade.
  return 1 + above + (3 - bounds.length);
}
