/**
 * How a distribution changes: as mountains behind each other, or as a map of colours; and one step of it as bars.
 *
 * Invariants: both show the same densities of one range; the slider names steps that were logged, and no others.
 */
import { useSignal } from "@preact/signals";
import type { JSX } from "preact";

import { get } from "../api/client";
import { useResource } from "../api/resource";
import type { Page_Histogram } from "../api/types";
import { Empty, Failure, Select } from "../parts";
import { CanvasChart, type Hit } from "./canvas-chart";
import { distributionOf, rangeOfAll, resampled, thinnedTo, type Distribution } from "./histogram-model";
import { StepSlider } from "./step-slider";
import { paintAcross, paintAxes } from "./plot-axes";
import { scale, shortNumber } from "./scale";
import type { Surface } from "./surface";
import { shade, theme } from "./theme";

const BINS = 64;
const RIDGES_MAX = 24;
const COLUMNS_MAX = 200;

interface Drawn {
  readonly run: string;
  readonly name: string;
  readonly all: readonly Distribution[];
  readonly height?: number;
}

function tableOf(all: readonly Distribution[]) {
  const columns = ["step", "from", "to", "count"];
  const rows = all.flatMap(({ step, edges, counts }) => counts.map((count, index) => [step, edges[index] ?? null, edges[index + 1] ?? null, count]));
  return { columns, rows };
}

function summary(name: string, all: readonly Distribution[]): string {
  const [first, last] = [all[0], all[all.length - 1]];
  if (first === undefined || last === undefined) return `${name}: nothing was logged.`;
  const words = ({ edges }: Distribution) => `${shortNumber(edges[0] ?? Number.NaN)} to ${shortNumber(edges[edges.length - 1] ?? Number.NaN)}`;
  return `${name} at ${all.length} steps, from ${words(first)} at step ${first.step}, to ${words(last)} at step ${last.step}.`;
}

export function Ridgeline({ run, name, all, height = 320 }: Drawn): JSX.Element {
  const shown = thinnedTo(all, RIDGES_MAX);
  const range = rangeOfAll(shown) ?? { from: 0, to: 1 };
  const densities = shown.map((one) => resampled(one, range.from, range.to, BINS));
  const most = Math.max(1, ...densities.flat());
  const paint = (surface: Surface, width: number, canvasHeight: number): readonly Hit[] => {
    const colors = theme();
    const bounds = { left: 56, top: 44, width: width - 72, height: canvasHeight - 78 };
    const x = scale("linear", range.from < range.to ? range : { from: range.from - 1, to: range.to + 1 }, bounds.left, bounds.left + bounds.width);
    const steps = scale("linear", { from: 0, to: Math.max(1, shown.length - 1) }, bounds.top, bounds.top + bounds.height);
    const tall = Math.min(90, (bounds.height / Math.max(1, shown.length)) * 4);
    const hits = shown.map((one, index) => {
      const base = steps.of(index);
      const crest = (densities[index] ?? []).flatMap((count, bin) => [x.of(range.from + ((bin + 0.5) * (range.to - range.from)) / BINS), base - (count / most) * tall]);
      surface.area([bounds.left, base, ...crest, bounds.left + bounds.width, base], { fill: colors.ground, opacity: 0.85 });
      surface.area([bounds.left, base, ...crest, bounds.left + bounds.width, base], { fill: shade(index / Math.max(1, shown.length - 1)), opacity: 0.45 });
      surface.line(crest, { stroke: colors.soft });
      if (index % Math.ceil(shown.length / 8) === 0) surface.text(bounds.left - 6, base, String(one.step), { fill: colors.soft, align: "right" });
      return { x: bounds.left, y: base - 4, width: bounds.width, height: 6, text: `step ${one.step}: ${one.count} values, ${one.notFinite} not finite` };
    });
    paintAcross(surface, { ...bounds, top: bounds.top + bounds.height, height: 0 }, x, name, colors);
    return hits;
  };
  return <CanvasChart title={`${name} over steps`} summary={summary(name, all)} height={height} paint={paint} table={() => tableOf(all)} asked={{ runs: [run], metric: name, kind: "histograms" }} />;
}

export function HistogramHeat({ run, name, all, height = 320 }: Drawn): JSX.Element {
  const shown = thinnedTo(all, COLUMNS_MAX);
  const range = rangeOfAll(shown) ?? { from: 0, to: 1 };
  const densities = shown.map((one) => resampled(one, range.from, range.to, BINS));
  const most = Math.max(1, ...densities.flat());
  const paint = (surface: Surface, width: number, canvasHeight: number): readonly Hit[] => {
    const bounds = { left: 62, top: 12, width: width - 78, height: canvasHeight - 54 };
    const y = scale("linear", range.from < range.to ? range : { from: range.from - 1, to: range.to + 1 }, bounds.top + bounds.height, bounds.top);
    const wide = bounds.width / Math.max(1, shown.length);
    const high = bounds.height / BINS;
    const ends = { from: shown[0]?.step ?? 0, to: shown[shown.length - 1]?.step ?? 1 };
    paintAxes(surface, bounds, scale("linear", ends, bounds.left, bounds.left + bounds.width), y, { x: "step" }, theme());
    return shown.map((one, column) => {
      (densities[column] ?? []).forEach((count, bin) => {
        // By the root, so that thin tails are seen beside a tall middle.
        if (count > 0) surface.rect(bounds.left + column * wide, bounds.top + bounds.height - (bin + 1) * high, wide + 0.5, high + 0.5, { fill: shade(Math.sqrt(count / most)) });
      });
      return { x: bounds.left + column * wide, y: bounds.top, width: wide, height: bounds.height, text: `step ${one.step}: ${one.count} values, ${one.notFinite} not finite` };
    });
  };
  return <CanvasChart title={`${name} over steps`} summary={summary(name, all)} height={height} paint={paint} table={() => tableOf(all)} asked={{ runs: [run], metric: name, kind: "histograms" }} />;
}

/** One distribution as bars. */
export function HistogramAt({ name, one }: { name: string; one: Distribution }): JSX.Element {
  const paint = (surface: Surface, width: number, height: number): readonly Hit[] => {
    const colors = theme();
    const bounds = { left: 62, top: 12, width: width - 78, height: height - 54 };
    const range = { from: one.edges[0] ?? 0, to: one.edges[one.edges.length - 1] ?? 1 };
    const x = scale("linear", range.from < range.to ? range : { from: range.from - 1, to: range.to + 1 }, bounds.left, bounds.left + bounds.width);
    const y = scale("linear", { from: 0, to: Math.max(1, ...one.counts) }, bounds.top + bounds.height, bounds.top);
    paintAxes(surface, bounds, x, y, { x: name }, colors);
    return one.counts.map((count, index) => {
      const [low, high] = [one.edges[index] ?? 0, one.edges[index + 1] ?? 0];
      const [left, top] = [x.of(low), y.of(count)];
      const wide = Math.max(1, x.of(high) - left - 0.5);
      surface.rect(left, top, wide, bounds.top + bounds.height - top, { fill: colors.accent, opacity: 0.8 });
      return { x: left, y: top, width: wide, height: bounds.top + bounds.height - top, text: `${shortNumber(low)} to ${shortNumber(high)}: ${count}` };
    });
  };
  return <CanvasChart title={`${name} at step ${one.step}`} summary={`${one.count} values, ${one.notFinite} not finite.`} height={220} paint={paint} table={() => tableOf([one])} />;
}

/** The distributions of one name of a run, with a slider through its steps. */
export function HistogramsOverTime(props: { run: string; name: string }): JSX.Element {
  const { run, name } = props;
  const form = useSignal<"ridge" | "heat">("ridge");
  const at = useSignal<number | null>(null);
  const resource = useResource(`histograms ${run} ${name}`, (signal) =>
    get<Page_Histogram>(`/runs/${encodeURIComponent(run)}/histograms`, { name, limit: 1000 }, { signal }),
  );
  const error = resource.error.value;
  if (error !== undefined) return <Failure error={error} onRetry={resource.reload} />;
  const all = (resource.value.value?.items ?? []).map(distributionOf);
  if (all.length === 0) return resource.isLoading.value ? <p class="soft">Loading</p> : <Empty title={`${name} has no distributions.`} />;
  const place = Math.min(at.value ?? all.length - 1, all.length - 1);
  const one = all[place] as Distribution;
  return (
    <div class="chart-histograms">
      <Select label="Drawn as" value={form.value} options={[["ridge", "Ridgeline"], ["heat", "Heatmap"]] as const} onChange={(next) => (form.value = next)} />
      {form.value === "ridge" ? <Ridgeline run={run} name={name} all={all} /> : <HistogramHeat run={run} name={name} all={all} />}
      <StepSlider steps={all.map(({ step }) => step)} at={place} onChange={(next) => (at.value = next)} />
      <HistogramAt name={name} one={one} />
    </div>
  );
}
