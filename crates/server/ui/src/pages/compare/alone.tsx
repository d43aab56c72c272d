/**
 * What a comparison says when there is not enough to compare: which runs would be worth it.
 *
 * Invariant: what is offered exists; a run is never offered for a comparison with itself.
 */
import type { JSX } from "preact";

import { useResource } from "../../api/resource";
import type { Goal, Run } from "../../api/types";
import { Empty, Name, Skeleton } from "../../parts";
import { href } from "../../state/url";
import { neighbours, type Neighbour } from "../run/changes";
import type { Member } from "./load";

export function Nobody(): JSX.Element {
  return (
    <Empty
      title="No runs are chosen"
      lines={[{ title: "the command", text: "mltrack runs EXPERIMENT --cols loss,acc,=lr" }]}
    >
      <p class="soft">
        Choose runs in an <a href={href("/")}>experiment</a> with <kbd>x</kbd> and press <kbd>c</kbd>, or name some in the address: <code>?runs=a3f9,91c2</code>.
      </p>
    </Empty>
  );
}

export function Alone(props: { readonly run: Member; readonly goal: Goal | null }): JSX.Element {
  const { run, goal } = props;
  const loaded = useResource<readonly Neighbour[]>(`neighbours ${run.id} ${goal?.metric}`, () => neighbours(run as Run, goal));
  const known = loaded.value.value;
  return (
    <section class="compare-alone" aria-label="Runs to compare with">
      <h2>Compare it with</h2>
      {!known && !loaded.error.value && <Skeleton lines={2} />}
      {known?.length === 0 && <p class="soft">It is the only run of its experiment so far.</p>}
      <ul class="row">
        {known?.map((other) => (
          <li key={other.run.id}>
            <a class="compare-offer" href={href("/compare", { runs: `${run.id},${other.run.id}`, baseline: other.run.id })}>
              <span class="soft small">{other.title}</span>
              <Name text={other.run.name} class="cut" />
            </a>
          </li>
        ))}
      </ul>
    </section>
  );
}
