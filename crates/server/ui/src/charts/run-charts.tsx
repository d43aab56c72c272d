/**
 * Runs drawn in every way there is: as lines, as groups with bands, by their values, and what they logged beside numbers.
 *
 * Invariants: what is drawn and how is in the address; only what is shown is asked for; a way that says nothing about so
 * few runs is not offered.
 */
import type { JSX } from "preact";
import { useMemo } from "preact/hooks";

import { Tabs } from "../parts";
import { param, type Codec } from "../state/url";
import { BarsView } from "./bars-view";
import { ChartGrid } from "./chart-grid";
import { GroupsView } from "./groups-view";
import { MediaSteps } from "./media";
import { ParallelView } from "./parallel-view";
import { ScatterView } from "./scatter-view";
import type { RunRef } from "./types";

const WAYS = ["lines", "groups", "scatter", "parallel", "bars", "media"] as const;
type Way = (typeof WAYS)[number];

const TITLES: Readonly<Record<Way, string>> = {
  lines: "Lines",
  groups: "Groups",
  scatter: "Scatter",
  parallel: "Parallel",
  bars: "Bars",
  media: "Media",
};

const wayCodec: Codec<Way> = { read: (value) => WAYS.find((way) => way === value), write: (way) => way };

export interface RunChartsProps {
  readonly runs: readonly RunRef[];
  /** The metrics that they have, the most important first. */
  readonly metrics: readonly string[];
  /** What parameters of the address begin with. */
  readonly scope: string;
  /** Narrows the table beside to what these clauses admit. */
  readonly onFilter?: (clauses: readonly string[]) => void;
}

const VIEWS: Readonly<Record<Way, (props: RunChartsProps) => JSX.Element>> = {
  lines: ChartGrid,
  groups: GroupsView,
  scatter: ScatterView,
  parallel: ParallelView,
  bars: BarsView,
  media: MediaSteps,
};

export function RunCharts(props: RunChartsProps): JSX.Element {
  const chosen = useMemo(() => param(`${props.scope}.draw`, wayCodec, "lines"), [props.scope]);
  const ways = props.runs.length > 1 ? WAYS : (["lines", "media"] as const);
  const way = ways.find((each) => each === chosen.signal.value) ?? "lines";
  const View = VIEWS[way];
  return (
    <Tabs label="How runs are drawn" tabs={ways.map((name) => ({ name, title: TITLES[name] }))} current={way} onChange={(next: Way) => chosen.set(next)}>
      <View key={way} {...props} />
    </Tabs>
  );
}
