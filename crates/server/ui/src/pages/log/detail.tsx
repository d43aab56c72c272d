/**
 * One record, whole.
 *
 * Invariant: its text is a text and nothing else; one of many megabytes is cut on the screen and whole when it is copied.
 */
import type { JSX } from "preact";

import { get } from "../../api/client";
import { useResource } from "../../api/resource";
import type { LogRecord } from "../../api/types";
import { Badge, Button, bytesText, copy, Failure, IconButton, Name, Skeleton, Time } from "../../parts";
import { change, href } from "../../state/url";
import { subjectOf } from "./records";

const SHOWN_MAX = 100_000;

export function Detail(props: { lsn: number; onClose: () => void }): JSX.Element {
  const { value, error, reload } = useResource(`record ${props.lsn}`, (signal) =>
    get<LogRecord>(`/records/${props.lsn}`, {}, { signal, pinned: false }),
  );
  const record = value.value?.lsn === props.lsn ? value.value : undefined;
  return (
    <section class="panel log-detail" aria-label={`Record ${props.lsn}`}>
      <header class="panel-head">
        <h2>Record {props.lsn}</h2>
        <IconButton icon="close" label="Close the record" onClick={props.onClose} />
      </header>
      <div class="panel-body">
        {error.value && <Failure error={error.value} onRetry={reload} />}
        {record === undefined && !error.value && <Skeleton lines={6} />}
        {record !== undefined && !error.value && <Whole record={record} />}
      </div>
    </section>
  );
}

function Whole(props: { record: LogRecord }): JSX.Element {
  const { record } = props;
  const json = JSON.stringify(record.payload, null, 2) ?? "";
  const subject = subjectOf(record);
  return (
    <div class="log-whole">
      <dl class="log-facts">
        <div>
          <dt>Type</dt>
          <dd>
            {record.type === "unknown" ? <Badge tone="warn">{`kind ${record.type_id}, unknown to this server`}</Badge> : `${record.type.replaceAll("_", " ")}, version ${record.version}`}
          </dd>
        </div>
        <div>
          <dt>Happened</dt>
          <dd>
            <Time time={record.time} style="full" />
          </dd>
        </div>
        {record.committed !== record.time && (
          <div>
            <dt>Appended</dt>
            <dd>
              <Time time={record.committed} style="full" />
            </dd>
          </div>
        )}
        <div>
          <dt>Writer</dt>
          <dd>{record.writer}</dd>
        </div>
        <div>
          <dt>Size</dt>
          <dd>{bytesText(record.payload_bytes)}</dd>
        </div>
        {subject !== null && (
          <div>
            <dt>About</dt>
            <dd>
              <a href={href(subject.path)}>
                <Name text={record.experiment == null ? subject.text : `${subject.text} in ${record.experiment}`} />
              </a>
            </dd>
          </div>
        )}
      </dl>
      {record.unreadable != null && <p class="log-bad">It cannot be decoded: {record.unreadable}. Its bytes are kept.</p>}
      {record.type === "unknown" && <p class="small soft">A newer program wrote it. It is kept as it is, and a newer server tells what it says.</p>}
      <div class="row">
        <Button onClick={() => void copy(JSON.stringify(record, null, 2), "Record copied")}>Copy JSON</Button>
        <Button onClick={() => change({ at: String(record.lsn) })}>Show pages as of here</Button>
        <Button onClick={() => change({ from: String(record.lsn) })}>List from here</Button>
      </div>
      {record.labels.length > 0 && (
        <p class="small">
          Values of <Name text={record.labels.slice(0, 40).join(", ")} />
        </p>
      )}
      <pre class="log-json" tabIndex={0} aria-label="What it says" dir="auto">
        {json.slice(0, SHOWN_MAX)}
        {json.length > SHOWN_MAX && `\n… ${json.length - SHOWN_MAX} characters more: copy the record to have them`}
      </pre>
    </div>
  );
}
