/**
 * What groups of runs are at the crosshair.
 *
 * Invariant: the numbers are those of the nearest place that each group has, with how many runs are behind them.
 */
import type { ReadonlySignal } from "@preact/signals";
import type { JSX } from "preact";

import type { Band } from "./bands";
import { lookOf } from "./group-paint";
import { Swatch } from "./legend";
import type { CursorPlace } from "./line-chart";
import { placeText } from "./plot-axes";
import { shortNumber } from "./scale";

const READINGS_MAX = 10;

/** The row whose place is nearest to x; -1 without any. */
export function nearestPlace(places: ArrayLike<number>, x: number): number {
  let best = -1;
  for (let row = 0; row < places.length; row += 1) {
    if (best < 0 || Math.abs((places[row] as number) - x) < Math.abs((places[best] as number) - x)) best = row;
  }
  return best;
}

export function GroupReadings(props: { bands: readonly Band[]; cursor: ReadonlySignal<CursorPlace | null> }): JSX.Element | null {
  const place = props.cursor.value;
  if (place === null || props.bands.length === 0) return null;
  const rows = props.bands.flatMap((band, index) => {
    const row = nearestPlace(band.places, place.x);
    const [low, high] = [band.low[row] ?? Number.NaN, band.high[row] ?? Number.NaN];
    const range = Number.isNaN(low) ? "" : `${shortNumber(low)} … ${shortNumber(high)}`;
    return row < 0 ? [] : [{ index, name: band.group, at: band.places[row] as number, value: band.middle[row] as number, range, n: band.n[row] ?? 0 }];
  });
  return (
    <div class={`chart-readings ${place.left > 240 ? "chart-readings-left" : "chart-readings-right"}`} aria-hidden="true">
      <div class="chart-readings-place">{placeText("step", Math.round(rows[0]?.at ?? place.x))}</div>
      {rows.slice(0, READINGS_MAX).map(({ index, name, value, range, n }) => (
        <div key={index} class="chart-reading">
          <Swatch look={lookOf(index)} />
          <span class="cut" dir="auto">
            {name.slice(0, 80)}
          </span>
          <span class="chart-number">{shortNumber(value)}</span>
          {range !== "" && <span class="chart-number soft">{range}</span>}
          <span class="chart-number soft">n = {n}</span>
        </div>
      ))}
      {rows.length > READINGS_MAX && <div class="soft">and {rows.length - READINGS_MAX} more</div>}
    </div>
  );
}
