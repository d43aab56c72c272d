/**
 * One metric over groups of runs: a mean or a median with a band, and how many runs are behind it.
 *
 * Invariants: every run counts once at a place, whatever it logs; the server says how, this page draws it. Steps are the
 * only axis: places of other axes differ from run to run, and there is nothing to take the mean of.
 */
import { useSignal } from "@preact/signals";
import type { JSX } from "preact";

import { Failure, Skeleton } from "../parts";
import { bandOf, type Band, type BandKind, type Middle } from "./bands";
import { ChartFrame } from "./frame";
import { lookOf, paintBands, paintGroups, tableOfGroups, wordsOfGroups } from "./group-paint";
import { GroupReadings } from "./group-readings";
import { Swatch } from "./legend";
import type { CursorPlace } from "./line-chart";
import type { ChartOptions } from "./options";
import { Plot } from "./plot";
import { padded, rangeOf, type Range } from "./scale";
import { theme } from "./theme";
import { useGroups, type RunGroup } from "./use-groups";

export type { RunGroup } from "./use-groups";

export function GroupChart(props: {
  metric: string;
  groups: readonly RunGroup[];
  middle: Middle;
  band: BandKind;
  options: ChartOptions;
  onZoom: (range: Range | null) => void;
  height?: number;
  syncKey?: string;
}): JSX.Element {
  const { metric, groups, options, middle } = props;
  const cursor = useSignal<CursorPlace | null>(null);
  const resource = useGroups(metric, groups, options.zoom);
  if (resource.value.value === undefined && resource.error.value === undefined) {
    return (
      <div class="chart">
        <Skeleton lines={9} />
      </div>
    );
  }
  const told = (resource.value.value?.items ?? []).filter((item) => item.metric === metric);
  const bands = told.map((item) => bandOf(item, middle, props.band));
  const ranges = rangesOf(bands, options);
  const error = resource.error.value;
  const title = `${metric} by group`;
  return (
    <ChartFrame
      title={title}
      summary={wordsOfGroups(bands, middle)}
      table={() => tableOfGroups(bands, middle)}
      paint={(surface, width, height) => paintGroups(surface, { width, height }, bands, { title, ...ranges, ...options })}
      asked={{ runs: groups.flatMap(({ runs }) => runs), metric }}
      isLoading={resource.isLoading.value}
    >
      {error !== undefined && <Failure error={error} onRetry={resource.reload} />}
      <div class="chart-body">
        <Plot
          label={`${title}. ${bands.length} groups. Arrow keys move the crosshair, plus and minus zoom.`}
          height={props.height ?? 240}
          x="step"
          {...ranges}
          xScale={options.xScale}
          yScale={options.yScale}
          colors={theme()}
          {...(props.syncKey === undefined ? {} : { syncKey: props.syncKey })}
          paint={(surface, x, y, bounds) => paintBands(surface, bands, x, y, bounds)}
          onCursor={(place) => (cursor.value = place)}
          onZoom={props.onZoom}
          onReset={() => props.onZoom(null)}
          neighbour={(x, way) => nextPlace(bands, x, way)}
        />
        <GroupReadings bands={bands} cursor={cursor} />
      </div>
      <GroupLegend bands={bands} />
    </ChartFrame>
  );
}

function rangesOf(bands: readonly Band[], { zoom, xScale, yScale }: ChartOptions): { xRange: Range; yRange: Range } {
  const across = zoom ?? rangeOf(xScale, ...bands.map(({ places }) => places)) ?? { from: 0, to: 1 };
  const values = rangeOf(yScale, ...bands.flatMap(({ middle, low, high }) => [middle, low, high]));
  return {
    xRange: across.from < across.to ? across : { from: across.from - 0.5, to: across.to + 0.5 },
    yRange: values === null ? { from: 0.1, to: 1 } : padded(yScale, values),
  };
}

function GroupLegend(props: { bands: readonly Band[] }): JSX.Element {
  return (
    <ul class="chart-legend" aria-label="Groups">
      {props.bands.map((band, index) => (
        <li key={band.group} class="chart-legend-run">
          <Swatch look={lookOf(index)} />
          <span class="cut" dir="auto">
            {band.group.slice(0, 120)}
          </span>
          <span class="soft">n = {band.runs}</span>
        </li>
      ))}
    </ul>
  );
}

function nextPlace(bands: readonly Band[], x: number, way: -1 | 1): number | null {
  let best: number | null = null;
  for (const place of bands.flatMap((band) => Array.from(band.places))) {
    if ((place - x) * way > 1e-9 && (best === null || (place - best) * way < 0)) best = place;
  }
  return best;
}
