/**
 * When the runs of an experiment were made, as small bars.
 *
 * Invariant: it says in words what it draws; of an experiment with very many new runs it says that it draws the newest.
 */
import type { JSX } from "preact";

import { get } from "../../api/client";
import { serverNow } from "../../api/reach";
import { useResource } from "../../api/resource";
import type { Experiment } from "../../api/types";
import { counted, FailureMark } from "../../parts";
import { byDay, DAYS } from "./days";

const RUNS_MAX = 1_000;
const HEIGHT = 24;
const STEP = 5;

interface Made {
  readonly items: { readonly created: string }[];
}

export function Activity(props: { experiment: Experiment }): JSX.Element {
  const { id, runs } = props.experiment;
  const { value, error, reload } = useResource(`activity ${id} ${runs}`, async (signal) => {
    if (runs === 0) return { items: [] };
    return get<Made>("/runs", { experiment: id, sort: "-.created", limit: RUNS_MAX, fields: "created" }, { signal });
  });
  if (error.value !== undefined) return <FailureMark what="The activity" error={error.value} onRetry={reload} />;
  if (value.value === undefined) return <span class="faint">…</span>;
  const times = value.value.items.map((item) => item.created);
  const counts = byDay(times, serverNow());
  const most = Math.max(...counts);
  const sum = counts.reduce((total, count) => total + count, 0);
  if (sum === 0) return <span class="faint">none</span>;
  const part = times.length === RUNS_MAX && runs > RUNS_MAX ? " of the newest 1,000" : "";
  const words = `${counted(sum, "run")}${part} in ${DAYS} days, at most ${most} on a day`;
  return (
    <svg class="experiments-activity" width={DAYS * STEP} height={HEIGHT} role="img" aria-label={words}>
      <title>{words}</title>
      {counts.map((count, day) => (
        <rect
          key={day}
          x={day * STEP}
          width={STEP - 1}
          y={HEIGHT - barHeight(count, most)}
          height={barHeight(count, most)}
          class={count === 0 ? "experiments-none" : undefined}
        />
      ))}
    </svg>
  );
}

function barHeight(count: number, most: number): number {
  return count === 0 ? 1 : Math.max(3, Math.round((count / most) * HEIGHT));
}
