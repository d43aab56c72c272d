/**
 * A slider through the steps at which something was logged.
 *
 * Invariant: it stands on steps that there are.
 */
import type { JSX } from "preact";

export function StepSlider(props: { label?: string; steps: readonly number[]; at: number; onChange: (at: number) => void }): JSX.Element {
  const { steps, at } = props;
  const step = steps[at] ?? 0;
  return (
    <label class="chart-range chart-step">
      <span>
        {props.label ?? "Step"} {step} <span class="soft">({at + 1} of {steps.length})</span>
      </span>
      <input
        type="range"
        min="0"
        max={Math.max(0, steps.length - 1)}
        step="1"
        value={at}
        aria-valuetext={`step ${step}`}
        onInput={(event) => props.onChange(Number(event.currentTarget.value))}
      />
    </label>
  );
}
