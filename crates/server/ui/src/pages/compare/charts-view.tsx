/**
 * The metrics of the runs over each other.
 *
 * Invariant: a run has the colour that it has everywhere.
 */
import type { JSX } from "preact";

import { RunCharts } from "../../charts";
import { Empty } from "../../parts";
import { isSystemMetric } from "../run/metrics";
import type { ViewProps } from "./page";

export function ChartsView(props: ViewProps): JSX.Element {
  const { members, comparison } = props.compared;
  const metrics = comparison.metrics.map((metric) => metric.name);
  if (metrics.length === 0) return <Empty title="These runs have no metrics" />;
  // What the program measured comes before what was measured of the machine.
  const sorted = [...metrics.filter((name) => !isSystemMetric(name)), ...metrics.filter(isSystemMetric)];
  return <RunCharts runs={members.map(({ id, name, short, experiment }) => ({ id, name, short, experiment }))} metrics={sorted} scope="compare" />;
}
