/**
 * Metrics over groups of the runs, by a parameter or as replicates.
 *
 * Invariants: every run is in one group; steps are the only axis, so no other is offered.
 */
import type { JSX } from "preact";
import { useMemo } from "preact/hooks";

import { Failure, IconButton, Select, Skeleton, Switch } from "../parts";
import { useActions } from "../state/actions";
import { param, text, type Codec } from "../state/url";
import type { BandKind, Middle } from "./bands";
import { cliOf } from "./exports";
import { GroupChart } from "./group-chart";
import { DEFAULTS, optionsCodec, type ChartOptions } from "./options";
import type { RunChartsProps } from "./run-charts";
import { differingParams, groupsBy, useRunValues } from "./run-values";
import { Slot } from "./slot";

const MIDDLES = [["mean", "Mean"], ["median", "Median"]] as const;
const BANDS = [
  ["std", "Standard deviation"], ["stderr", "Standard error"], ["interval", "95 % interval"], ["range", "Min to max"], ["none", "No band"],
] as const;

function oneOf<Value extends string>(choices: readonly (readonly [Value, string])[]): Codec<Value> {
  return { read: (value) => choices.find(([choice]) => choice === value)?.[0], write: (value) => value };
}

export function GroupsView({ runs, metrics, scope }: RunChartsProps): JSX.Element {
  const by = useMemo(() => param(`${scope}.by`, text, ""), [scope]);
  const shared = useMemo(() => param(`${scope}.groups`, optionsCodec, DEFAULTS), [scope]);
  const middle = useMemo(() => param<Middle>(`${scope}.middle`, oneOf(MIDDLES), "mean"), [scope]);
  const band = useMemo(() => param<BandKind>(`${scope}.band`, oneOf(BANDS), "std"), [scope]);
  const values = useRunValues(runs, []);
  const known = values.value.value;
  const options = { ...shared.signal.value, x: "step" };
  const change = (changed: Partial<ChartOptions>) => shared.set({ ...options, ...changed }, { replace: true });
  const cli = () => cliOf({ runs: runs.map(({ id }) => id), metric: metrics[0] ?? "*" });
  useActions([
    { id: "chart.log", title: "Logarithmic y axis", keys: "y", cli, run: () => change({ yScale: options.yScale === "log" ? "linear" : "log" }) },
    { id: "chart.reset", title: "Reset the zoom", keys: "z", cli, run: () => change({ zoom: null }) },
  ]);
  if (values.error.value !== undefined && known === undefined) return <Failure error={values.error.value} onRetry={values.reload} />;
  if (known === undefined) return <Skeleton lines={8} />;
  const groups = groupsBy(known, by.signal.value);
  return (
    <section class="chart-grid" aria-label="Groups of runs">
      <div class="chart-grid-bar" role="toolbar" aria-label="How groups are drawn">
        <Select
          label="Group by"
          value={by.signal.value}
          options={[["", "All but the seed"], ...differingParams(known).map((name): [string, string] => [name, name.slice(0, 60)])]}
          onChange={(name) => by.set(name)}
        />
        <Select label="Line" value={middle.signal.value} options={MIDDLES} onChange={(value) => middle.set(value)} />
        <Select label="Band" value={band.signal.value} options={BANDS} onChange={(value) => band.set(value)} />
        <Switch label="log x" isOn={options.xScale === "log"} onChange={(is) => change({ xScale: is ? "log" : "linear", zoom: null })} />
        <Switch label="log y" isOn={options.yScale === "log"} onChange={(is) => change({ yScale: is ? "log" : "linear" })} />
        {options.zoom !== null && <IconButton icon="retry" label="Reset the zoom (z)" onClick={() => change({ zoom: null })} />}
      </div>
      <div class="chart-grid-panels">
        {metrics.map((metric) => (
          <Slot key={metric}>
            {() => (
              <GroupChart
                metric={metric}
                groups={groups}
                middle={middle.signal.value}
                band={band.signal.value}
                options={options}
                onZoom={(zoom) => change({ zoom })}
                syncKey={`${scope}.groups`}
              />
            )}
          </Slot>
        ))}
      </div>
    </section>
  );
}
