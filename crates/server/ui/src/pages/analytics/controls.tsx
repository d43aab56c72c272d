/**
 * What is counted: which time, in which stretches, which runs, told apart by what.
 *
 * Invariant: choices of names come from the store; a name that is not among them can be typed all the same.
 */
import type { JSX } from "preact";
import { useId } from "preact/hooks";

import { post } from "../../api/client";
import { serverNow } from "../../api/reach";
import { useResource } from "../../api/resource";
import type { Activity } from "../../api/types";
import { Button, Chip, CopyMenu, Select, timeText } from "../../parts";
import { change } from "../../state/url";
import { edgesOf } from "./calendar";
import { csvOf, STATES } from "./figures";
import * as state from "./state";

export function Controls(props: { activity: Activity | undefined }): JSX.Element {
  const range = state.range.signal.value;
  const isPicked = state.rangeOf(range) !== null;
  return (
    <div class="analytics-controls" role="group" aria-label="What is counted">
      <div class="row" role="group" aria-label="Time">
        {state.PRESETS.map(([name, title]) => (
          <button key={name} type="button" class="button analytics-preset" aria-pressed={range === name} onClick={() => state.range.set(name)}>
            {title}
          </button>
        ))}
        {isPicked && <Chip text={pickedText(range)} onRemove={() => state.range.set("30d")} />}
        {isPicked && <Button kind="quiet" onClick={widen}>Wider</Button>}
      </div>
      <div class="row analytics-choices">
        <Select
          label="Stretches"
          value={state.bucket.signal.value}
          options={[["auto", "As fits"], ["hour", "Hours"], ["day", "Days"], ["week", "Weeks"], ["month", "Months"]]}
          onChange={(value) => state.bucket.set(value)}
        />
        <Select
          label="Told apart by"
          value={state.by.signal.value}
          options={[["experiment", "Experiment"], ["user", "User"], ["host", "Machine"], ["state", "State"], ["none", "Nothing"]]}
          onChange={(value) => state.by.set(value)}
        />
        <Names by="experiment" label="Experiment" parameter={state.experiment} />
        <Names by="user" label="User" parameter={state.user} />
        <Names by="host" label="Machine" parameter={state.host} />
        <Select
          label="State"
          value={state.state.signal.value}
          options={[["", "Any"], ...STATES.map((name) => [name as string, name.replace("_", " ")] as const)]}
          onChange={(value) => state.state.set(value)}
        />
        <CopyMenu
          link={() => location.href}
          {...(props.activity === undefined ? {} : { csv: csvOfAll(props.activity) })}
        />
        {props.activity !== undefined && <Button onClick={() => save(csvOfAll(props.activity as Activity)())}>Save CSV</Button>}
      </div>
    </div>
  );
}

function csvOfAll(activity: Activity): () => string {
  return () => csvOf(activity.edges, [{ ...activity.whole, name: "all" }, ...activity.items]);
}

/** Hands a file to the browser. */
function save(text: string): void {
  const address = URL.createObjectURL(new Blob([text], { type: "text/csv" }));
  const link = document.createElement("a");
  link.href = address;
  link.download = "activity.csv";
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}

function pickedText(range: string): string {
  const picked = state.rangeOf(range);
  return picked === null ? "" : `${timeText(picked.from, "short")} to ${timeText(picked.to, "short")}`;
}

function widen(): void {
  const picked = state.rangeOf(state.range.signal.value);
  if (picked === null) return;
  const half = (picked.to - picked.from) / 2;
  change({ range: `${Math.round(picked.from - half)}..${Math.round(Math.min(serverNow(), picked.to + half))}` });
}

/** A field with the names that runs of the last year have. */
function Names(props: { by: "experiment" | "user" | "host"; label: string; parameter: typeof state.user }): JSX.Element {
  const id = useId();
  const { value } = useResource(`names ${props.by}`, (signal) => {
    const now = serverNow();
    const edges = edgesOf({ from: now - 365 * 86_400_000, to: now }, "month", "UTC");
    return post<Activity>("/activity", { edges, by: props.by, keys: 100 }, { signal });
  });
  return (
    <label class="field" for={id}>
      <span>{props.label}</span>
      <input
        id={id}
        list={`${id}-names`}
        value={props.parameter.signal.value}
        placeholder="Any"
        dir="auto"
        autoComplete="off"
        onChange={(event) => props.parameter.set(event.currentTarget.value.trim())}
      />
      <datalist id={`${id}-names`}>
        {value.value?.items.map(({ key, name }) => <option key={key} value={name} />)}
      </datalist>
    </label>
  );
}
