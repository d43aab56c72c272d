/**
 * What the machine did while a run trained: processors, memory, disks, networks and graphics cards over the same time
 * as a metric of the training, or over its steps.
 *
 * Invariants: all of them share one axis and one crosshair; samples of the machine have numbers of their own, so they are
 * put at steps by the time at which a metric of the run was at them.
 */
import type { JSX } from "preact";
import { useMemo } from "preact/hooks";

import { Empty, IconButton, Select } from "../parts";
import { param, text } from "../state/url";
import { ChartPanel } from "./chart-panel";
import type { Line } from "./line-model";
import { DEFAULTS, optionsCodec, type ChartOptions } from "./options";
import { onSteps, timeAt, type StepClock } from "./step-clock";
import type { RunRef } from "./types";
import { useStepClock } from "./use-step-clock";

/** What the groups are called where their names are short for something. */
const WORDS: Readonly<Record<string, string>> = {
  cpu: "Processors",
  disk: "Disks",
  gpu: "Graphics cards",
  memory: "Memory",
  network: "Network",
  process: "The process",
};

const RELATIVE = { ...DEFAULTS, x: "relative" };

/** Metrics of the machine by what they are of: the part behind `system/` up to the next `/` or `.`. */
export function systemGroups(metrics: readonly string[]): [string, string[]][] {
  const groups = new Map<string, string[]>();
  for (const metric of metrics.filter((name) => name.startsWith("system/"))) {
    const part = metric.slice("system/".length).split(/[/.]/)[0] ?? "";
    groups.set(part, [...(groups.get(part) ?? []), metric]);
  }
  return [...groups];
}

/** The axes that samples can be seen over; steps only where the run has a metric that tells them. */
function axesOf(clockMetric: string | null): [string, string][] {
  const over: [string, string][] = [["relative", "Time since the start"], ["time", "Wall time"]];
  return clockMetric === null ? over : [...over, ["step", `Step, by ${clockMetric.slice(0, 40)}`]];
}

export function SystemCharts(props: { runs: readonly RunRef[]; metrics: readonly string[] }): JSX.Element {
  const { runs, metrics } = props;
  const options = useMemo(() => param("system.charts", optionsCodec, RELATIVE), []);
  const beside = useMemo(() => param("system.beside", text, ""), []);
  const groups = systemGroups(metrics);
  const own = metrics.filter((name) => !name.startsWith("system/"));
  const [only] = runs.length === 1 ? runs : [];
  const clockMetric = only === undefined ? null : own.includes(beside.signal.value) ? beside.signal.value : (own[0] ?? null);
  const known = options.signal.value;
  const shown: ChartOptions = known.x === "time" || (known.x === "step" && clockMetric !== null) ? known : { ...known, x: "relative" };
  const clock = useStepClock(only?.id ?? "", shown.x === "step" ? clockMetric : null);
  if (groups.length === 0) return <Empty title="Nothing of the machine was sampled." />;
  const panel = (metric: string) => (
    <ChartPanel
      key={`${metric} ${shown.x}`}
      runs={runs}
      metric={metric}
      options={shown}
      onZoom={(zoom) => options.set({ ...shown, zoom })}
      isSeen={shown.x !== "step" || clock !== null}
      syncKey={`system ${shown.x}`}
      height={180}
      title={metric.replace(/^system\//, "")}
      {...(clock === null || own.includes(metric) ? {} : { moved: movedBy(clock, shown) })}
    />
  );
  return (
    <section class="chart-grid" aria-label="The machine">
      <div class="chart-grid-bar">
        <Select label="x axis" value={shown.x} options={axesOf(clockMetric)} onChange={(x) => options.set({ ...shown, x, zoom: null })} />
        <Select
          label="Beside"
          value={beside.signal.value}
          options={[["", "Nothing"], ...own.map((name): [string, string] => [name, name.slice(0, 60)])]}
          onChange={(name) => beside.set(name)}
        />
        {shown.zoom !== null && <IconButton icon="retry" label="Reset the zoom" onClick={() => options.set({ ...shown, zoom: null })} />}
      </div>
      {own.includes(beside.signal.value) && panel(beside.signal.value)}
      {groups.map(([group, members]) => (
        <details key={group} class="chart-grid-group" open>
          <summary>
            {WORDS[group] ?? group} <span class="soft small">{members.length}</span>
          </summary>
          <div class="chart-grid-panels">{members.map(panel)}</div>
        </details>
      ))}
    </section>
  );
}

/** Samples are asked for over time, and put at steps. */
function movedBy(clock: StepClock, shown: ChartOptions): { asked: ChartOptions; line: (line: Line) => Line } {
  const { zoom } = shown;
  const times = zoom === null ? null : { from: timeAt(clock, zoom.from), to: timeAt(clock, zoom.to) };
  return { asked: { ...shown, x: "time", xScale: "linear", zoom: times }, line: (line) => onSteps(line, clock) };
}
