/**
 * The two runs of a comparison that is about two: the baseline and one other, chosen in the address.
 *
 * Invariant: the two are never the same run.
 */
import type { ComponentChildren, JSX } from "preact";

import { Select } from "../../parts";
import { param, text } from "../../state/url";
import type { Member } from "./load";
import type { ViewProps } from "./page";

const other = param("other", text, "");

export interface Pair {
  readonly left: Member;
  readonly right: Member;
}

export function pairOf(props: ViewProps): Pair | null {
  const { members } = props.compared;
  const left = members[props.base];
  const right = members.find((run) => run !== left && run.id === other.signal.value) ?? members.find((run) => run !== left);
  return left && right ? { left, right } : null;
}

export function PairBar(props: ViewProps & { readonly pair: Pair; readonly children?: ComponentChildren }): JSX.Element {
  const { pair } = props;
  const others = props.compared.members.filter((run) => run !== pair.left);
  return (
    <div class="row compare-pair">
      <span>
        <span class="preview-removed">−</span> <strong class="name" dir="auto">{pair.left.name.slice(0, 80)}</strong> <span class="soft">({pair.left.short}, the baseline)</span>
      </span>
      <span class="row">
        <span class="preview-added">+</span>
        <Select
          label="Run to set against the baseline"
          isLabelHidden
          value={pair.right.id}
          options={others.map((run) => [run.id, `${run.name.slice(0, 60)} (${run.short})`] as const)}
          onChange={(id) => other.set(id)}
        />
      </span>
      {props.children}
    </div>
  );
}
