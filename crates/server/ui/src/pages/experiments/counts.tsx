/**
 * How many runs an experiment has in each state.
 *
 * Invariant: each number has the sign of its state, and its word in the title and for those who hear it.
 */
import type { JSX } from "preact";

import type { Experiment, RunState } from "../../api/types";
import { grouped, StateShape, VisuallyHidden } from "../../parts";

const ORDER: readonly RunState[] = ["running", "queued", "pending", "completed", "failed", "lost", "timed_out", "cancelled"];

export function Counts(props: { experiment: Experiment }): JSX.Element {
  const { runs, runs_by_state: byState } = props.experiment;
  if (runs === 0) return <span class="faint">none</span>;
  return (
    <span class="experiments-counts">
      {ORDER.filter((state) => (byState[state] ?? 0) > 0).map((state) => (
        <span key={state} class={`experiments-count experiments-${state}`} title={`${byState[state]} ${state.replace("_", " ")}`}>
          <StateShape state={state} />
          {grouped(byState[state] ?? 0)}
          <VisuallyHidden> {state.replace("_", " ")}</VisuallyHidden>
        </span>
      ))}
    </span>
  );
}
