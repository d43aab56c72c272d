/**
 * A line without axes, as small as a word.
 *
 * Invariant: it says its ends in words; a gap stays a gap.
 */
import type { JSX } from "preact";

import { rangeOf, scale, shortNumber } from "./scale";
import { pathOf } from "./svg";

export function Sparkline(props: { values: readonly (number | null)[]; label: string; width?: number; height?: number; color?: string }): JSX.Element {
  const { values, width = 96, height = 24 } = props;
  const numbers = values.map((value) => value ?? Number.NaN);
  const finite = numbers.filter(Number.isFinite);
  const range = rangeOf("linear", finite) ?? { from: 0, to: 1 };
  const y = scale("linear", range, height - 3, 3);
  const x = scale("linear", { from: 0, to: Math.max(1, values.length - 1) }, 2, width - 2);
  const points = numbers.flatMap((value, index) => [x.of(index), Number.isFinite(value) ? y.of(value) : Number.NaN]);
  const last = finite[finite.length - 1];
  const words = last === undefined ? `${props.label}: nothing` : `${props.label}: from ${shortNumber(finite[0] ?? last)} to ${shortNumber(last)}, between ${shortNumber(range.from)} and ${shortNumber(range.to)}`;
  return (
    <svg class="chart-sparkline" width={width} height={height} viewBox={`0 0 ${width} ${height}`} role="img" aria-label={words}>
      <title>{words}</title>
      <path d={pathOf(points)} fill="none" stroke={props.color ?? "var(--accent)"} stroke-width="1.5" stroke-linejoin="round" />
      {last !== undefined && <circle cx={x.of(numbers.lastIndexOf(last))} cy={y.of(last)} r="2" fill={props.color ?? "var(--accent)"} />}
    </svg>
  );
}
