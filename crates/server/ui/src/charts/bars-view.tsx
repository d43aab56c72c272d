/**
 * One number of each run or group, as bars or as boxes.
 *
 * Invariant: a group's bar is the mean of its runs with its standard error; a run's is its number.
 */
import type { JSX } from "preact";
import { useMemo } from "preact/hooks";

import { Failure, Select, Skeleton, TextField } from "../parts";
import { colourOf } from "../state/colours";
import { go, href, param, text } from "../state/url";
import { Bars, Boxes, type BarValue } from "./bars";
import { PARTS } from "./number-choice";
import type { RunChartsProps } from "./run-charts";
import { differingParams, eachAlone, groupsBy, numberOf, useRunValues, useValuesAt, type ValuedRun } from "./run-values";

/** What stands for grouping by all parameters but the seed; a parameter may have any name. */
const REPLICATES = "*";

export function BarsView({ runs, metrics, scope }: RunChartsProps): JSX.Element {
  const state = useMemo(
    () => ({
      metric: param(`${scope}.bar`, text, ""),
      part: param(`${scope}.part`, text, ""),
      step: param(`${scope}.step`, text, "0"),
      by: param(`${scope}.each`, text, ""),
      form: param(`${scope}.form`, text, "bars"),
    }),
    [scope],
  );
  const metric = state.metric.signal.value || metrics[0] || "";
  const part = state.part.signal.value;
  const isAtStep = part === "at";
  const step = isAtStep ? Math.round(Number(state.step.signal.value) || 0) : null;
  const column = `${metric}${isAtStep ? "" : part}`;
  const values = useRunValues(runs, metric === "" ? [] : [column]);
  const at = useValuesAt(runs, metric, step);
  const known = values.value.value;
  const error = values.error.value ?? at.error.value;
  if (error !== undefined) return <Failure error={error} onRetry={() => (values.reload(), at.reload())} />;
  if (known === undefined) return <Skeleton lines={8} />;
  const numberIn = ({ run, columns }: ValuedRun) => (isAtStep ? (at.value.value?.get(run.id) ?? null) : numberOf(columns[column]));
  const by = state.by.signal.value;
  const bars = barsOf(known, by, numberIn);
  const word = isAtStep ? `at step ${step}` : (PARTS.find(([each]) => each === part)?.[1] ?? "last");
  const title = `${metric}, ${word}`;
  // A value at a step is no column of a list of runs.
  const asked = isAtStep ? {} : { asked: { runs: runs.map(({ id }) => id), columns: by === "" || by === REPLICATES ? [column] : [column, `=${by}`] } };
  return (
    <section class="chart-grid" aria-label="Values of runs">
      <div class="chart-grid-bar">
        <Select label="Metric" value={metric} options={metrics.map((name): [string, string] => [name, name.slice(0, 60)])} onChange={(name) => state.metric.set(name)} />
        <Select label="Value" value={part} options={[...PARTS, ["at", "at a step"]] as const} onChange={(next) => state.part.set(next)} />
        {isAtStep && <TextField label="Step" type="number" value={state.step.signal.value} onInput={(next) => state.step.set(next, { replace: true })} />}
        <Select
          label="One for each"
          value={by}
          options={[["", "Run"], [REPLICATES, "Group of all but the seed"], ...differingParams(known).map((name): [string, string] => [name, name.slice(0, 60)])]}
          onChange={(name) => state.by.set(name)}
        />
        <Select label="Drawn as" value={state.form.signal.value} options={[["bars", "Bars"], ["boxes", "Boxes"]]} onChange={(form) => state.form.set(form)} />
      </div>
      {state.form.signal.value === "boxes" ? <Boxes title={title} boxes={bars} {...asked} /> : <Bars title={title} bars={bars} {...asked} />}
    </section>
  );
}

function barsOf(values: readonly ValuedRun[], by: string, numberIn: (one: ValuedRun) => number | null): BarValue[] {
  const byId = new Map(values.map((one) => [one.run.id, one]));
  const groups = by === "" ? eachAlone(values) : groupsBy(values, by === REPLICATES ? "" : by);
  return groups.map(({ name, runs }) => {
    const numbers = runs.flatMap((id) => {
      const one = byId.get(id);
      const number = one === undefined ? null : numberIn(one);
      return number === null ? [] : [number];
    });
    const [only] = by === "" ? runs : [];
    if (only === undefined) return { name, values: numbers };
    return { name, values: numbers, color: colourOf(only).stroke, open: () => go(href(`/runs/${encodeURIComponent(only)}`)) };
  });
}
