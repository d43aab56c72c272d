/**
 * Any number of the runs against any other.
 *
 * Invariant: both axes are in the address; only their two columns are asked for.
 */
import type { JSX } from "preact";
import { useMemo } from "preact/hooks";

import { Empty, Failure, Select, Skeleton } from "../parts";
import { go, href, param, text } from "../state/url";
import { numberChoices, numberIn, numericParams, usualGoal } from "./number-choice";
import type { RunChartsProps } from "./run-charts";
import { differingParams, useRunValues } from "./run-values";
import { Scatter } from "./scatter";

export function ScatterView({ runs, metrics, scope }: RunChartsProps): JSX.Element {
  const x = useMemo(() => param(`${scope}.across`, text, ""), [scope]);
  const y = useMemo(() => param(`${scope}.up`, text, ""), [scope]);
  const up = y.signal.value || metrics[0] || "";
  const asked = [x.signal.value, up].filter((column) => column !== "" && !column.startsWith("="));
  const values = useRunValues(runs, asked);
  const known = values.value.value;
  if (values.error.value !== undefined) return <Failure error={values.error.value} onRetry={values.reload} />;
  if (known === undefined) return <Skeleton lines={8} />;
  const numeric = numericParams(known);
  const first = differingParams(known).find((name) => numeric.includes(name));
  const across = x.signal.value || (first === undefined ? up : `=${first}`);
  if (up === "") return <Empty title="These runs have no numbers to draw." />;
  const choices = numberChoices(metrics, numeric);
  const titleOf = (column: string) => choices.find(([choice]) => choice === column)?.[1] ?? column;
  return (
    <section class="chart-grid" aria-label="Runs as points">
      <div class="chart-grid-bar">
        <Select label="x axis" value={across} options={choices} onChange={(column) => x.set(column)} />
        <Select label="y axis" value={up} options={choices} onChange={(column) => y.set(column)} />
      </div>
      <Scatter
        key={`${across} ${up}`}
        values={known.map((one) => ({ run: one.run, x: numberIn(one, across), y: numberIn(one, up) }))}
        columns={[across, up]}
        xName={titleOf(across)}
        yName={titleOf(up)}
        xGoal={usualGoal(across)}
        yGoal={usualGoal(up)}
        hasFront={!across.startsWith("=")}
        onOpen={({ id }) => go(href(`/runs/${encodeURIComponent(id)}`))}
        height={360}
      />
    </section>
  );
}
