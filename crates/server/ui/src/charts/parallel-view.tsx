/**
 * The runs through the parameters in which they differ, up to a metric.
 *
 * Invariants: the metric is the last axis and gives the colours; what is brushed can be made the selection, and the
 * filter of a table that stands beside.
 */
import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { useMemo } from "preact/hooks";

import { quotedColumn, quotedText } from "../filter/lex";
import { Button, Failure, Select, Skeleton } from "../parts";
import { select } from "../state/selection";
import { go, href, param, text } from "../state/url";
import { numberChoices, numberIn, usualGoal } from "./number-choice";
import { ParallelCoordinates } from "./parallel";
import type { Brush } from "./parallel-axes";
import type { RunChartsProps } from "./run-charts";
import { axisValueOf, differingParams, useRunValues } from "./run-values";
import type { Goal } from "./statistics";
import type { RunRef } from "./types";

/** More axes than these cannot be told apart on one screen. */
const AXES_MAX = 14;

export function ParallelView({ runs, metrics, scope, onFilter }: RunChartsProps): JSX.Element {
  const chosen = useMemo(() => param(`${scope}.goal`, text, ""), [scope]);
  const better = useMemo(() => param(`${scope}.better`, text, ""), [scope]);
  const within = useSignal<{ runs: readonly RunRef[]; brushes: readonly Brush[] } | null>(null);
  const goal = chosen.signal.value || metrics[0] || "";
  const values = useRunValues(runs, goal === "" ? [] : [goal]);
  const known = values.value.value;
  if (values.error.value !== undefined) return <Failure error={values.error.value} onRetry={values.reload} />;
  if (known === undefined) return <Skeleton lines={8} />;
  const params = differingParams(known);
  const shown = params.slice(0, AXES_MAX);
  const direction: Goal = better.signal.value === "min" || better.signal.value === "max" ? better.signal.value : usualGoal(goal);
  const axes = shown.map((name) => ({ name, values: known.map((one) => axisValueOf(one.params[name])) }));
  if (goal !== "") axes.push({ name: goal, values: known.map((one) => numberIn(one, goal)) });
  return (
    <section class="chart-grid" aria-label="Runs through their parameters">
      <div class="chart-grid-bar">
        <Select label="Last axis, and colours" value={goal} options={numberChoices(metrics, [])} onChange={(column) => chosen.set(column)} />
        <Select label="Better" value={direction} options={[["min", "Lower"], ["max", "Higher"]] as const} onChange={(is) => better.set(is)} />
      </div>
      {params.length > shown.length && <p class="small soft">The first {AXES_MAX} of {params.length} parameters that differ are axes.</p>}
      <ParallelCoordinates
        runs={runs}
        axes={axes}
        columns={[...shown.map((name) => `=${name}`), ...(goal === "" ? [] : [goal])]}
        goal={{ axis: goal, direction }}
        onBrush={(brushes, inside) => (within.value = inside === null ? null : { runs: inside, brushes })}
        onOpen={({ id }) => go(href(`/runs/${encodeURIComponent(id)}`))}
        height={380}
      />
      {within.value !== null && <Within {...within.value} of={runs.length} goal={goal} {...(onFilter === undefined ? {} : { onFilter })} />}
    </section>
  );
}

function Within(props: {
  runs: readonly RunRef[];
  brushes: readonly Brush[];
  of: number;
  goal: string;
  onFilter?: (clauses: readonly string[]) => void;
}): JSX.Element {
  const { runs, brushes, onFilter } = props;
  return (
    <p class="row" role="status">
      {runs.length} of {props.of} runs are within the brushes.
      <Button disabled={runs.length === 0} onClick={() => select(runs.map(({ id }) => id))}>
        Keep only these
      </Button>
      {onFilter && <Button onClick={() => onFilter(brushes.flatMap((brush) => clauseOf(brush, props.goal)))}>Filter the table</Button>}
    </p>
  );
}

/** A brush as the filter of a table says it. */
export function clauseOf({ name, from, to, words }: Brush, goal: string): string[] {
  const column = quotedColumn(name === goal ? name : `=${name}`);
  if (words !== undefined) return words.length === 0 ? [] : [`${column} in (${words.map(quotedText).join(", ")})`];
  if (typeof from !== "number" || typeof to !== "number") return [];
  return [`${column} >= ${shortEnough(from)}`, `${column} <= ${shortEnough(to)}`];
}

/** A place on a screen is not known to more digits than these. */
function shortEnough(value: number): string {
  return String(Number(value.toPrecision(6)));
}
