/**
 * Checking the bytes of the log, and what was found.
 *
 * Invariant: damage is told with where it lies, what it does not touch, and the command that repairs; a check changes
 * nothing.
 */
import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";

import { asApiError } from "../../api/resource";
import type { ApiError } from "../../api/client";
import type { Damage } from "../../api/types";
import { announce, Badge, Button, bytesText, Copyable, counted, durationText, Failure, grouped, Name, Panel, Time } from "../../parts";
import { verify, type Verified } from "./verify-stream";

interface Running {
  readonly deep: boolean;
  readonly done: number;
  readonly total: number;
}

export function Check(props: { last: Verified | null; onDone: () => void }): JSX.Element {
  const [running, setRunning] = useState<Running | null>(null);
  const [error, setError] = useState<ApiError | null>(null);
  const [found, setFound] = useState<Verified | null>(null);
  const abort = useRef<AbortController | null>(null);
  useEffect(() => () => abort.current?.abort(), []);
  const begin = async (deep: boolean): Promise<void> => {
    const control = new AbortController();
    abort.current = control;
    setError(null);
    setRunning({ deep, done: 0, total: 0 });
    try {
      const report = await verify(deep, (done, total) => setRunning({ deep, done, total }), control.signal);
      setFound(report);
      announce(report.sound ? "The log is sound" : "The log is damaged");
      props.onDone();
    } catch (failure) {
      if (!control.signal.aborted) setError(asApiError(failure));
    } finally {
      if (!control.signal.aborted) setRunning(null);
    }
  };
  const report = found ?? props.last;
  return (
    <Panel title="Check">
      <div class="log-check">
        <div class="row">
          <Button kind="primary" disabled={running !== null} onClick={() => void begin(false)}>
            Check heads and ends
          </Button>
          <Button disabled={running !== null} onClick={() => void begin(true)}>
            Read every byte
          </Button>
          <span class="small soft">It only reads. The same on the command line: mltrack verify, with --deep for every byte.</span>
        </div>
        {running !== null && (
          <label class="log-progress">
            {running.total === 0 ? "Beginning…" : `${running.done} of ${counted(running.total, "segment")}`}
            <progress max={Math.max(1, running.total)} value={running.done} />
          </label>
        )}
        {error !== null && <Failure error={error} />}
        {report !== null && running === null && <Report report={report} />}
        {report === null && running === null && error === null && <p class="soft">The log was not checked since the server began.</p>}
      </div>
    </Panel>
  );
}

function Report(props: { report: Verified }): JSX.Element {
  const { report } = props;
  return (
    <>
      <p class="row">
        <Badge tone={report.sound ? "good" : "bad"}>{report.sound ? "sound" : "damaged"}</Badge>
        <span>
          {report.deep ? "Every byte" : "Heads, links and ends"} of {counted(report.segments, "segment")} ({report.sealed} sealed, {report.packed} packed):{" "}
          {counted(report.records, "record")}, {bytesText(report.bytes)} read in {durationText(report.took_s)},{" "}
          <Time time={report.time} />
        </span>
      </p>
      {report.damages.map((damage) => (
        <Found key={`${damage.segment} ${damage.offset}`} damage={damage} />
      ))}
      {!report.sound && (
        <>
          <p>
            Everything before and behind these records can be read, and runs that are not named in them are complete. Readers
            step over the damage once it is marked; no byte is removed. A copy of the segment from a backup brings the records
            back.
          </p>
          <Copyable title="Mark it, so that readers step over it" text="mltrack repair" />
        </>
      )}
      {report.head != null && (
        <p class="small soft">
          Head <code class="name">{report.head}</code>: kept elsewhere, it proves later that this history was not changed
          (mltrack verify --against HASH).
        </p>
      )}
    </>
  );
}

function Found(props: { damage: Damage }): JSX.Element {
  const { damage } = props;
  const count = damage.end - damage.first;
  return (
    <div class="log-damage">
      <p>
        <strong>
          <Name text={damage.file} />
        </strong>
        , bytes {grouped(damage.offset)} to {grouped(damage.end_offset)}: <Name text={damage.cause} />
      </p>
      <p>
        {count === 0
          ? "No record is lost."
          : `${counted(count, "record")} cannot be read: ${grouped(damage.first)}${count > 1 ? ` to ${grouped(damage.end - 1)}` : ""}.`}{" "}
        {damage.skipped ? "Readers step over it already." : "Readers stop there until it is repaired."}
      </p>
    </div>
  );
}
