/**
 * The records of the log about a run, newest first, each with a link to the page as it was then.
 *
 * Invariant: a page of records is asked for at a time; what the log cannot read is named where it lies.
 */
import type { JSX } from "preact";
import { useState } from "preact/hooks";

import { get } from "../../api/client";
import { useResource } from "../../api/resource";
import type { LogRecord, Records } from "../../api/types";
import { Badge, Button, CopyMenu, Empty, Failure, Select, Skeleton, TextField, Time } from "../../parts";
import { saysOf } from "../../parts/says";
import { href, param, text } from "../../state/url";
import { useRun } from "./context";
import { JsonTree } from "./preview/json-tree";

const types = param("types", text, "changes");
const words = param("find", text, "");

/** What is asked for at first leaves out points and lines, which are most records of a run and have tabs of their own. */
const CHANGES =
  "run_created,run_queued,run_started,run_resumed,run_attached,run_ended,run_lost,run_deleted,run_restored,run_renamed,params_logged,params_removed,tags_set,tag_removed,note_added,note_removed,artifact_logged,artifacts_removed,artifacts_restored,artifact_used,environment_captured,dataset_used,model_used";

export function EventsTab(): JSX.Element {
  const { run } = useRun();
  const [pages, setPages] = useState(1);
  const find = words.signal.value;
  const kind = types.signal.value;
  const loaded = useResource<Omit<Records, "scanned">>(`records ${run.id} ${kind} ${find} ${pages} ${run.lsn}`, (signal) => recordsOf(run.id, kind, find, pages, signal));
  const known = loaded.value.value;
  return (
    <div class="run-events">
      <div class="row">
        <Select
          label="Which records"
          isLabelHidden
          value={kind}
          options={[
            ["changes", "all but points and lines"],
            ["", "all records"],
            ["metrics_logged", "points"],
            ["log_line", "lines"],
          ]}
          onChange={(value) => types.set(value)}
        />
        <TextField label="Find records" isLabelHidden type="search" placeholder="Find records: words, types" value={find} onInput={(value) => words.set(value, { replace: true })} />
        <CopyMenu label="Copy the records as" cli={() => `mltrack tail --run ${run.short} --ndjson`} link={() => location.href} />
      </div>
      {loaded.error.value && <Failure error={loaded.error.value} onRetry={loaded.reload} />}
      {!known && !loaded.error.value && <Skeleton lines={8} />}
      {known && known.items.length === 0 && <Empty title="No record of this run matches" />}
      {known?.lost.map((gap) => (
        <p key={gap.first} class="preview-warning">
          Records {gap.first} to {gap.end - 1} cannot be read; the others are unaffected. <code>mltrack verify</code> says more.
        </p>
      ))}
      <ol class="run-records" aria-label="Records">
        {known?.items.map((record) => (
          <RecordLine key={record.lsn} record={record} />
        ))}
      </ol>
      {known?.next != null && <Button onClick={() => setPages(pages + 1)}>Older records</Button>}
    </div>
  );
}

async function recordsOf(run: string, kind: string, find: string, pages: number, signal: AbortSignal): Promise<Omit<Records, "scanned">> {
  const items: LogRecord[] = [];
  const lost: { first: number; end: number }[] = [];
  let before: number | null = null;
  let lsn = 0;
  for (let page = 0; page < pages; page += 1) {
    const query: Record<string, string | number | null> = { run, types: kind === "changes" ? CHANGES : kind || null, text: find || null, before, limit: 100 };
    const answer: Records = await get<Records>("/records", query, { signal });
    items.push(...answer.items);
    lost.push(...answer.lost);
    lsn = answer.lsn;
    before = answer.next ?? null;
    if (before === null) break;
  }
  return { items, lost, lsn, next: before };
}

function RecordLine(props: { readonly record: LogRecord }): JSX.Element {
  const { record } = props;
  const [isOpen, setOpen] = useState(false);
  const { run } = useRun();
  return (
    <li class="run-record">
      <p class="row">
        <a class="mono" href={href(`/runs/${encodeURIComponent(run.id)}`, { tab: "events", at: record.lsn })} title="The run as it was then">
          {record.lsn}
        </a>
        <Time time={record.time} style="full" />
        <button type="button" class="run-record-type" aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>
          {record.type.replaceAll("_", " ")}
        </button>
        {record.unreadable && <Badge tone="bad">unreadable</Badge>}
        <span class="run-record-what cut soft small" dir="auto">
          {isOpen ? "" : saysOf(record.payload, record.labels)}
        </span>
      </p>
      {isOpen && (
        <div class="preview-tree">
          {record.payload_left_out ? <p class="soft">It is too long to be told here.</p> : <JsonTree value={record.payload} />}
        </div>
      )}
    </li>
  );
}
