/**
 * The charts: runs by how they ended, success, busy time, how long runs take.
 *
 * Invariant: a series has the same colour and pattern in every chart; pulling over stretches looks at them closer.
 */
import type { JSX } from "preact";

import type { Activity, ActivitySeries } from "../../api/types";
import { durationText, Panel, significant } from "../../parts";
import { preferences } from "../../state/preferences";
import { localTime, type Granularity } from "./calendar";
import type { ChartSeries, Pattern } from "./chart-shape";
import { STATES, successOf } from "./figures";
import * as state from "./state";
import { TimeChart } from "./time-chart";

const LOOKS: Record<(typeof STATES)[number], [string, Pattern | null]> = {
  completed: ["var(--good)", null],
  running: ["var(--accent)", null],
  queued: ["var(--ink-faint)", "dots"],
  pending: ["var(--ink-faint)", "back"],
  cancelled: ["var(--ink-faint)", null],
  timed_out: ["var(--warn)", "hatch"],
  failed: ["var(--bad)", "hatch"],
  lost: ["var(--bad)", "cross"],
};

export function Charts(props: { activity: Activity; granularity: Granularity }): JSX.Element {
  const { activity } = props;
  const { whole, edges } = activity;
  const stretch = (at: number): string => stretchText(edges[at] ?? 0, props.granularity);
  const common = { edges, stretch, onPick: (first: number, last: number) => pick(edges, first, last) };
  const open = (at: number): void => state.day.set(`${edges[at] ?? 0}..${edges[at + 1] ?? 0}`);
  const hours = (seconds: readonly number[]): number[] => seconds.map((each) => each / 3_600);
  const hasGpus = whole.gpu_seconds.some((each) => each > 0);
  return (
    <div class="analytics-charts">
      <Panel title="Runs begun">
        <TimeChart {...common} title="Runs begun" kind="bars" series={statesOf(whole)} format={(value) => significant(value, 3)} onOpen={open} />
      </Panel>
      <Panel title="Success">
        <TimeChart
          {...common}
          title="Success"
          kind="lines"
          maximum={1}
          series={[line("success", "var(--good)", null, successOf(whole))]}
          format={(value) => `${significant(value * 100, 3)} %`}
        />
      </Panel>
      <Panel title={hasGpus ? "GPU-hours" : "Run-hours"}>
        <TimeChart
          {...common}
          title={hasGpus ? "GPU-hours" : "Run-hours"}
          kind="bars"
          series={[bars(hasGpus ? "GPU-hours" : "run-hours", "var(--accent)", hours(hasGpus ? whole.gpu_seconds : whole.run_seconds))]}
          format={(value) => significant(value, 3)}
        />
      </Panel>
      <Panel title="How long runs take">
        <TimeChart
          {...common}
          title="How long runs take"
          kind="lines"
          series={[line("median", "var(--accent)", null, whole.took_median), line("nine of ten within", "var(--ink-faint)", "6 4", whole.took_p90)]}
          format={(value) => durationText(value)}
        />
      </Panel>
    </div>
  );
}

function statesOf(whole: ActivitySeries): ChartSeries[] {
  return STATES.flatMap((name) => {
    const values = whole.states[name];
    const [colour, pattern] = LOOKS[name];
    return values === undefined ? [] : [{ name: name.replace("_", " "), colour, pattern, dash: null, values }];
  });
}

function line(name: string, colour: string, dash: string | null, values: readonly (number | null)[]): ChartSeries {
  return { name, colour, dash, pattern: null, values };
}

function bars(name: string, colour: string, values: readonly number[]): ChartSeries {
  return { name, colour, dash: null, pattern: null, values };
}

function pick(edges: readonly number[], first: number, last: number): void {
  // The last edge itself belongs to what comes behind.
  state.range.set(`${edges[first] ?? 0}..${(edges[last + 1] ?? 1) - 1}`);
}

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/** A stretch by its beginning. */
export function stretchText(ms: number, granularity: Granularity): string {
  const { year, month, day, hour } = localTime(ms, preferences.timeZone.peek());
  const name = MONTHS[month - 1] ?? "";
  switch (granularity) {
    case "hour":
      return `${day} ${name} ${String(hour).padStart(2, "0")}:00`;
    case "day":
      return `${day} ${name}`;
    case "week":
      return `${day} ${name} ${year}`;
    case "month":
      return `${name} ${year}`;
  }
}
