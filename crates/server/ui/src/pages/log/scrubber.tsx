/**
 * The whole log as a line with a handle: every page can be shown as of any moment on it.
 *
 * Invariants: the handle moves freely, and the moment is taken when it is let go of, so that a pull asks once; what was
 * done to the store stands on the line, and a step goes from one of them to the next.
 */
import type { JSX } from "preact";
import { useMemo, useState } from "preact/hooks";

import { get } from "../../api/client";
import { useResource } from "../../api/resource";
import type { LogTimes, Operation, Operations } from "../../api/types";
import { Button, Failure, grouped, Skeleton, TextField, timeText } from "../../parts";
import { useActions } from "../../state/actions";
import { change, pinnedAt } from "../../state/url";
import { lsnAt, placeOf, timeAt, type Moment } from "./scrub";

const STEPS = 10_000;
const MARKS = 300;

export function Scrubber(): JSX.Element {
  const times = useResource("log times", (signal) => get<LogTimes>("/log/times", { count: 200 }, { signal, pinned: false }));
  const done = useResource("log marks", (signal) =>
    get<Operations>("/operations", { limit: MARKS, without_runs: true }, { signal, pinned: false }),
  );
  const moments = useMemo(
    () => times.value.value?.items.map(({ lsn, time }): Moment => ({ lsn, time: Date.parse(time) })) ?? [],
    [times.value.value],
  );
  if (times.error.value) return <Failure error={times.error.value} onRetry={times.reload} />;
  if (times.value.value === undefined) return <Skeleton lines={3} />;
  if (moments.length < 2) return <p class="soft">There is nothing to go back to yet.</p>;
  return (
    <>
      {done.error.value && <Failure error={done.error.value} onRetry={done.reload} />}
      <Line moments={moments} operations={done.value.value?.items ?? []} />
    </>
  );
}

function Line(props: { moments: readonly Moment[]; operations: readonly Operation[] }): JSX.Element {
  const { moments } = props;
  const last = moments[moments.length - 1]?.lsn ?? 1;
  const at = pinnedAt.value;
  const pinned = at === null ? last : /^\d+$/.test(at) ? Math.min(last, Number(at)) : null;
  const [pulled, setPulled] = useState<number | null>(null);
  const [typed, setTyped] = useState("");
  const shown = pulled ?? pinned ?? last;
  const take = (lsn: number): void => {
    setPulled(null);
    change({ at: lsn >= last ? null : String(Math.max(1, lsn)) });
  };
  const marks = useMemo(() => [...props.operations].sort((a, b) => a.last - b.last), [props.operations]);
  const before = [...marks].reverse().find((mark) => mark.last < shown);
  const behind = marks.find((mark) => mark.last > shown);
  useActions([
    { id: "log.before", title: "Log: to the operation before", keys: ",", cli: () => logUntil(before), when: () => before !== undefined, run: () => before && take(before.last) },
    { id: "log.behind", title: "Log: to the operation behind", keys: ".", cli: () => logUntil(behind), when: () => behind !== undefined, run: () => behind && take(behind.last) },
  ]);
  return (
    <div class="log-scrubber">
      <Marks marks={marks} moments={moments} onTake={take} />
      <input
        type="range"
        class="log-range"
        min={0}
        max={STEPS}
        step={1}
        value={Math.round(placeOf(moments, shown) * STEPS)}
        aria-label="Moment that all pages show"
        aria-valuetext={`record ${shown}, ${timeText(timeAt(moments, shown))}`}
        onInput={(event) => setPulled(lsnAt(moments, Number(event.currentTarget.value) / STEPS))}
        onChange={(event) => take(lsnAt(moments, Number(event.currentTarget.value) / STEPS))}
      />
      <div class="log-ends small soft">
        <span>{timeText(moments[0]?.time ?? 0, "short")}</span>
        <span>{timeText(moments[moments.length - 1]?.time ?? 0, "short")}</span>
      </div>
      <div class="row log-moment">
        <p class="log-shown">
          <strong>{pinned === null && pulled === null ? `As of ${at}` : shown >= last ? "Now" : `Record ${grouped(shown)}`}</strong>
          <span class="soft"> about {timeText(timeAt(moments, shown))}</span>
        </p>
        <Button disabled={before === undefined} onClick={() => before && take(before.last)} title="The operation before (,)">
          Operation before
        </Button>
        <Button disabled={behind === undefined} onClick={() => behind && take(behind.last)} title="The operation behind (.)">
          Operation behind
        </Button>
        <Button disabled={at === null} onClick={() => change({ at: null })}>
          Back to now
        </Button>
        <TextField
          label="Go to"
          isLabelHidden
          value={typed}
          placeholder="412, -2h or 2026-11-21T10:00:00Z"
          onInput={setTyped}
          onEnter={() => typed.trim() !== "" && change({ at: typed.trim() })}
        />
      </div>
    </div>
  );
}

/** The command that shows the log up to an operation. */
function logUntil(mark: Operation | undefined): string {
  return `mltrack log --until ${mark?.last ?? "LSN"}`;
}

function Marks(props: { marks: readonly Operation[]; moments: readonly Moment[]; onTake: (lsn: number) => void }): JSX.Element {
  return (
    <div class="log-marks" aria-hidden="true">
      {props.marks.map((mark) => (
        <span
          key={mark.lsn}
          class={mark.undone_by == null ? "log-mark" : "log-mark log-mark-undone"}
          style={{ insetInlineStart: `${placeOf(props.moments, mark.last) * 100}%` }}
          title={`${mark.what.slice(0, 200)}\n${timeText(mark.time)}`}
          onClick={() => props.onTake(mark.last)}
        />
      ))}
    </div>
  );
}
