/**
 * The best value of the metric that an experiment is after, and the run that has it.
 *
 * Invariant: it is the best value that was ever logged, not the last one of the best run.
 */
import type { JSX } from "preact";
import { useRef } from "preact/hooks";

import { get } from "../../api/client";
import { useResource } from "../../api/resource";
import type { Experiment } from "../../api/types";
import { quotedColumn } from "../../filter/lex";
import { useTicks } from "../../live/live";
import { FailureMark, NumberText, type ApiNumber } from "../../parts";
import { href } from "../../state/url";

const RELOAD_MS = 2_000;

interface BestRun {
  readonly items: { readonly id: string; readonly name: string; readonly columns: Record<string, unknown> }[];
}

export function Best(props: { experiment: Experiment }): JSX.Element {
  const { id, name, goal, runs } = props.experiment;
  const metric = goal?.metric;
  const column = goal ? `${goal.metric}.${goal.direction}` : "";
  const { value, error, reload } = useResource(`best ${id} ${column} ${runs}`, async (signal): Promise<BestRun> => {
    if (!goal || runs === 0) return { items: [] };
    // A column is asked for by its name as it is; in an order, what is no plain word is quoted.
    const order = `${quotedColumn(goal.metric)}.${goal.direction}`;
    const sort = goal.direction === "max" ? `-${order}` : order;
    return get<BestRun>("/runs", { experiment: id, sort, columns: column, limit: 1, fields: "id,name,columns" }, { signal });
  });
  const last = useRef(0);
  useTicks({ experiment: name }, (tick) => {
    if (!tick.points.some((points) => points.metric === metric) || Date.now() - last.current < RELOAD_MS) return;
    last.current = Date.now();
    reload();
  });
  if (!goal) return <span class="faint">no goal</span>;
  if (error.value !== undefined) return <FailureMark what="The best value" error={error.value} onRetry={reload} />;
  const best = value.value?.items[0];
  const found = best?.columns[column];
  if (best === undefined || found === undefined || found === null) return <span class="faint">–</span>;
  return (
    <a class="experiments-best" href={href(`/runs/${best.id}`)} title={`${goal.metric}, ${goal.direction}: ${best.name.slice(0, 200)}`}>
      <NumberText value={found as ApiNumber} />
      <span class="cut small soft" dir="auto">
        {goal.metric}
      </span>
    </a>
  );
}
