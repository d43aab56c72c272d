/**
 * Which line is whose, and what the lines are at the crosshair.
 *
 * Invariants: a run is told by colour, dash and marker together; hiding one changes nothing about the others.
 */
import type { ReadonlySignal, Signal } from "@preact/signals";
import type { JSX } from "preact";

import { colourOf, looksOf } from "../state/colours";
import { nearestRow } from "./line-model";
import { markerStrokes } from "./surface";
import { pathOf } from "./svg";
import type { Look, StyledLine } from "./line-paint";
import type { CursorPlace } from "./line-chart";
import { placeText } from "./plot-axes";
import { shortNumber } from "./scale";
import { runTitle, type RunRef } from "./types";

const LEGEND_MAX = 12;
const READINGS_MAX = 10;

/** A piece of a line as it is drawn. */
export function Swatch(props: { look: Look }): JSX.Element {
  const { stroke, dash, marker } = props.look;
  const { closed, strokes } = markerStrokes(12, 6, marker, 3);
  return (
    <svg class="chart-swatch" width="24" height="12" aria-hidden="true">
      <line x1="0" x2="24" y1="6" y2="6" stroke={stroke} stroke-width="2" stroke-dasharray={dash.join(" ")} />
      {strokes.map((points, index) => (
        <path key={index} d={pathOf(points) + (closed ? "Z" : "")} fill={closed ? stroke : "none"} stroke={stroke} stroke-width="1.5" />
      ))}
    </svg>
  );
}

export function Legend(props: {
  runs: readonly RunRef[];
  hidden: Signal<ReadonlySet<string>>;
  pointed: Signal<string | null>;
}): JSX.Element {
  const { runs, hidden, pointed } = props;
  const looks = looksOf(runs.map(({ id }) => id));
  const toggle = (id: string) => {
    const next = new Set(hidden.value);
    if (!next.delete(id)) next.add(id);
    hidden.value = next;
  };
  return (
    <ul class="chart-legend" aria-label="Runs">
      {runs.slice(0, LEGEND_MAX).map((run) => (
        <li key={run.id}>
          <button
            type="button"
            class="chart-legend-run"
            aria-pressed={!hidden.value.has(run.id)}
            onClick={() => toggle(run.id)}
            onPointerEnter={() => (pointed.value = run.id)}
            onPointerLeave={() => (pointed.value = null)}
          >
            <Swatch look={looks.get(run.id) ?? colourOf(run.id)} />
            <span class="cut" dir="auto">
              {runTitle(run)}
            </span>
          </button>
        </li>
      ))}
      {runs.length > LEGEND_MAX && <li class="soft small">and {runs.length - LEGEND_MAX} more</li>}
    </ul>
  );
}

/** The numbers at the crosshair, the nearest to the pointer first. */
export function Readings(props: {
  styled: readonly StyledLine[];
  cursor: ReadonlySignal<CursorPlace | null>;
  x: string;
}): JSX.Element | null {
  const place = props.cursor.value;
  if (place === null || props.styled.length === 0) return null;
  const rows = props.styled.flatMap(({ line, look, name }) => {
    const row = nearestRow(line, place.x);
    if (row < 0) return [];
    const value = line.smooth?.[row] ?? (line.count[row] === 1 ? line.first[row] : line.mean[row]) ?? Number.NaN;
    const isMany = (line.count[row] ?? 0) > 1;
    const range = isMany ? `${shortNumber(line.min[row] ?? Number.NaN)} … ${shortNumber(line.max[row] ?? Number.NaN)}` : "";
    return [{ run: line.run, look, name, value, range, at: line.to[row] as number }];
  });
  if (place.isOwn) rows.sort((left, right) => Math.abs(left.value - place.y) - Math.abs(right.value - place.y));
  const side = place.left > 240 ? "chart-readings-left" : "chart-readings-right";
  return (
    <div class={`chart-readings ${side}`} aria-hidden="true">
      <div class="chart-readings-place">{placeText(props.x, rows[0]?.at ?? place.x)}</div>
      {rows.slice(0, READINGS_MAX).map(({ run, look, name, value, range }) => (
        <div key={run} class="chart-reading">
          <Swatch look={look} />
          <span class="cut" dir="auto">
            {name}
          </span>
          <span class="chart-number">{shortNumber(value)}</span>
          {range !== "" && <span class="chart-number soft">{range}</span>}
        </div>
      ))}
      {rows.length > READINGS_MAX && <div class="soft">and {rows.length - READINGS_MAX} more</div>}
    </div>
  );
}
