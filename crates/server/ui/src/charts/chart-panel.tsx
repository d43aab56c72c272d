/**
 * One metric of the chosen runs: what it asks for, and the chart of that.
 *
 * Invariant: a panel that fails says so in its own place, and what was known stays.
 */
import type { JSX } from "preact";
import { useSignal } from "@preact/signals";

import { Failure, Skeleton } from "../parts";
import { LineChart } from "./line-chart";
import type { Line } from "./line-model";
import type { ChartOptions } from "./options";
import type { Range } from "./scale";
import type { RunRef } from "./types";
import { useLines } from "./use-lines";

/** The most places of a line: an answer of one run stays below 100 KB. */
const BUCKETS_MAX = 1_000;
/** The most of all lines of a panel together: more than these pixels cannot be told apart. */
const ALL_BUCKETS_MAX = 20_000;

/** As many places as there are pixels, in steps, so that panels of nearly one width ask together. */
export function bucketsOf(width: number, runCount: number): number {
  const most = Math.min(BUCKETS_MAX, Math.max(100, Math.floor(ALL_BUCKETS_MAX / Math.max(1, runCount))));
  return Math.min(most, Math.max(100, Math.ceil(width / 100) * 100));
}

export function ChartPanel(props: {
  runs: readonly RunRef[];
  metric: string;
  options: ChartOptions;
  onZoom: (range: Range | null) => void;
  isSeen: boolean;
  syncKey?: string;
  height?: number;
  title?: string;
  /** Puts lines on another axis than they were asked for on: `asked` is then how they are asked for. */
  moved?: { readonly asked: ChartOptions; readonly line: (line: Line) => Line };
}): JSX.Element {
  const { runs, metric, options, moved } = props;
  const width = useSignal(500);
  const buckets = bucketsOf(width.value, runs.length);
  const { lines, error, isLoading, reload } = useLines({ runs: runs.map(({ id }) => id), metric, options: moved?.asked ?? options, buckets }, props.isSeen);
  const isFirst = lines.value.length === 0 && isLoading.value;
  return (
    <>
      {error.value !== undefined && <Failure error={error.value} onRetry={reload} />}
      {lines.value.length === 0 && error.value !== undefined ? null : isFirst ? (
        <div class="chart">
          <Skeleton lines={9} />
        </div>
      ) : (
        <LineChart
          metric={metric}
          runs={runs}
          lines={moved === undefined ? lines.value : lines.value.map(moved.line)}
          options={options}
          onZoom={props.onZoom}
          isLoading={isLoading.value}
          onWidth={(pixels) => (width.value = pixels)}
          {...(props.syncKey === undefined ? {} : { syncKey: props.syncKey })}
          {...(props.height === undefined ? {} : { height: props.height })}
          {...(props.title === undefined ? {} : { title: props.title })}
        />
      )}
    </>
  );
}
