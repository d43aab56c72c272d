/**
 * The figures of the whole time at one look.
 *
 * Invariant: each says what it counts, in words that are there without a pointer.
 */
import type { JSX } from "preact";

import type { Activity } from "../../api/types";
import { durationText, grouped, significant } from "../../parts";
import { totalsOf } from "./figures";

export function Tiles(props: { activity: Activity }): JSX.Element {
  const { whole } = props.activity;
  const totals = totalsOf(whole);
  const running = Object.entries(whole.states).find(([state]) => state === "running")?.[1] ?? [];
  const isRunning = running.reduce((sum, each) => sum + each, 0);
  return (
    <dl class="analytics-tiles">
      <Tile title="Runs" figure={grouped(totals.runs)} about={isRunning === 0 ? "began in this time" : `began in this time; ${grouped(isRunning)} of them run`} />
      <Tile
        title="Success"
        figure={totals.success === null ? "–" : `${significant(totals.success * 100, 3)} %`}
        about="completed, of those that completed, failed, timed out or were lost"
      />
      <Tile title="Run time" figure={durationText(totals.runHours * 3_600)} about="of all runs together, within this time" />
      <Tile
        title="GPU-hours"
        figure={totals.gpuHours === 0 ? "–" : significant(totals.gpuHours, 4)}
        about={totals.gpuHours === 0 ? "no system metrics tell of GPUs" : "each GPU that a run's system metrics tell of, for as long as the run ran"}
      />
    </dl>
  );
}

function Tile(props: { title: string; figure: string; about: string }): JSX.Element {
  return (
    <div class="analytics-tile">
      <dt>{props.title}</dt>
      <dd class="analytics-figure">{props.figure}</dd>
      <dd class="small soft">{props.about}</dd>
    </div>
  );
}
