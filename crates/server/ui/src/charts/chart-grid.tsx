/**
 * The chosen metrics of the chosen runs, a chart each, grouped by what their names begin with.
 *
 * Invariants: nothing is drawn that was not chosen; a panel asks only while it is on the screen, and those that ask at
 * once ask together; how it is looked at is in the address.
 */
import type { JSX } from "preact";
import { useMemo, useRef } from "preact/hooks";

import { Empty, IconButton, Select, Switch } from "../parts";
import { useActions } from "../state/actions";
import { param } from "../state/url";
import { ChartPanel } from "./chart-panel";
import { cliOf } from "./exports";
import { AXES, DEFAULTS, next, optionsCodec, panelsCodec, SMOOTHINGS, type ChartOptions, type PanelOptions } from "./options";
import { Slot } from "./slot";
import type { RunRef } from "./types";

const RUNS_MAX = 200;

/** Metrics by what stands before the first `/`; those without are first. */
export function groupsOf(metrics: readonly string[]): [string, string[]][] {
  const groups = new Map<string, string[]>();
  for (const metric of metrics) {
    const at = metric.indexOf("/");
    const group = at > 0 ? metric.slice(0, at) : "";
    groups.set(group, [...(groups.get(group) ?? []), metric]);
  }
  return [...groups].sort(([left], [right]) => (left === right ? 0 : left < right ? -1 : 1));
}

export function ChartGrid(props: { runs: readonly RunRef[]; metrics: readonly string[]; scope: string }): JSX.Element {
  const { metrics, scope } = props;
  const shared = useMemo(() => param(`${scope}.charts`, optionsCodec, DEFAULTS), [scope]);
  const single = useMemo(() => param<PanelOptions>(`${scope}.panels`, panelsCodec, {}), [scope]);
  const pointed = useRef<string | null>(null);
  const runs = props.runs.slice(0, RUNS_MAX);
  const optionsOf = (metric: string) => single.signal.value[metric] ?? shared.signal.value;
  /** Changes the panel that the pointer or the focus is in, or all of them. */
  const change = (changed: Partial<ChartOptions>, metric = pointed.current) => {
    if (metric === null) shared.set({ ...shared.signal.peek(), ...changed }, { replace: true });
    else single.set({ ...single.signal.peek(), [metric]: { ...optionsOf(metric), ...changed } }, { replace: true });
  };
  const zoomTo = (zoom: ChartOptions["zoom"]) => {
    // Charts of one axis are zoomed together; those that were set by hand stay as they are.
    const kept = Object.entries(single.signal.peek()).map(([metric, options]) => [metric, { ...options, zoom }] as const);
    single.set(Object.fromEntries(kept), { replace: true });
    shared.set({ ...shared.signal.peek(), zoom });
  };
  const here = () => (pointed.current === null ? shared.signal.peek() : optionsOf(pointed.current));
  const cli = () => cliOf({ runs: runs.map(({ id }) => id), metric: pointed.current ?? metrics[0] ?? "*" });
  useActions([
    { id: "chart.log", title: "Logarithmic y axis", keys: "y", cli, run: () => change({ yScale: here().yScale === "log" ? "linear" : "log" }) },
    { id: "chart.axis", title: "Next x axis", keys: "t", cli, run: () => change({ x: next(AXES, here().x as (typeof AXES)[number]), zoom: null }) },
    { id: "chart.smooth", title: "Smoother lines", keys: "s", cli, run: () => change({ smoothing: next(SMOOTHINGS, here().smoothing as (typeof SMOOTHINGS)[number]) }) },
    { id: "chart.reset", title: "Reset the zoom", keys: "z", cli, run: () => zoomTo(null) },
  ]);
  if (runs.length === 0 || metrics.length === 0) {
    const what = runs.length === 0 ? "Choose runs to see their charts." : "Choose metrics to see their charts.";
    return <Empty title={what} />;
  }
  return (
    <section class="chart-grid" aria-label="Charts">
      <GridBar options={shared.signal.value} metrics={metrics} onChange={(changed) => change(changed, null)} onReset={() => zoomTo(null)} />
      {props.runs.length > RUNS_MAX && (
        <p class="small soft">The first {RUNS_MAX} of {props.runs.length} runs are drawn: choose fewer, or group them.</p>
      )}
      {groupsOf(metrics).map(([group, members]) => (
        <details key={group} class="chart-grid-group" open>
          <summary dir="auto">
            {group === "" ? "Metrics" : group} <span class="soft small">{members.length}</span>
          </summary>
          <div class="chart-grid-panels">
            {members.map((metric) => (
              <Slot key={metric} onPoint={(isIn) => (pointed.current = isIn ? metric : null)}>
                {(isSeen) => (
                  <ChartPanel
                    runs={runs}
                    metric={metric}
                    options={optionsOf(metric)}
                    onZoom={zoomTo}
                    isSeen={isSeen}
                    syncKey={`${scope}.${optionsOf(metric).x}`}
                  />
                )}
              </Slot>
            ))}
          </div>
        </details>
      ))}
    </section>
  );
}

function GridBar(props: {
  options: ChartOptions;
  metrics: readonly string[];
  onChange: (changed: Partial<ChartOptions>) => void;
  onReset: () => void;
}): JSX.Element {
  const { options, onChange } = props;
  const axes: [string, string][] = [
    ["step", "Step"],
    ["relative", "Time since the start"],
    ["time", "Wall time"],
    ...props.metrics.map((metric): [string, string] => [`metrics.${metric}`, metric.slice(0, 60)]),
  ];
  if (!axes.some(([axis]) => axis === options.x)) axes.push([options.x, options.x.replace(/^metrics\./, "")]);
  return (
    <div class="chart-grid-bar" role="toolbar" aria-label="How charts are drawn">
      <Select label="x axis" value={options.x} options={axes} onChange={(x) => onChange({ x, zoom: null })} />
      <label class="chart-range">
        <span>Smoothing {options.smoothing > 0 ? options.smoothing : "off"}</span>
        <input
          type="range"
          min="0"
          max="0.99"
          step="0.01"
          value={options.smoothing}
          onChange={(event) => onChange({ smoothing: Number(event.currentTarget.value) })}
        />
      </label>
      <Switch label="log x" isOn={options.xScale === "log"} onChange={(is) => onChange({ xScale: is ? "log" : "linear", zoom: null })} />
      <Switch label="log y" isOn={options.yScale === "log"} onChange={(is) => onChange({ yScale: is ? "log" : "linear" })} />
      <Switch label="Leave outliers out" isOn={options.isClipped} onChange={(isClipped) => onChange({ isClipped })} />
      {options.zoom !== null && <IconButton icon="retry" label="Reset the zoom (z)" onClick={props.onReset} />}
    </div>
  );
}
