/**
 * The files of the log, and the snapshots that opening it begins with.
 *
 * Invariant: a file that the last check found damaged says so.
 */
import type { JSX } from "preact";

import type { LogForm, Segment, Snapshot } from "../../api/types";
import { Badge, bytesText, grouped, Name, Panel, Table, type TableColumn } from "../../parts";

export function Segments(props: { log: LogForm }): JSX.Element {
  const { segments, verified } = props.log;
  const damaged = new Map<number, number>();
  for (const { segment } of verified?.damages ?? []) damaged.set(segment, (damaged.get(segment) ?? 0) + 1);
  const columns: TableColumn<Segment>[] = [
    { key: "first", title: "First record", width: 130, align: "end", cell: ({ first }) => grouped(first) },
    { key: "last", title: "Last record", width: 130, align: "end", cell: ({ next }) => grouped(next - 1) },
    { key: "records", title: "Records", width: 120, align: "end", cell: ({ first, next }) => grouped(next - first) },
    { key: "used", title: "In use", width: 110, align: "end", cell: ({ used_bytes }) => bytesText(used_bytes) },
    { key: "bytes", title: "On disk", width: 110, align: "end", cell: ({ bytes }) => bytesText(bytes) },
    {
      key: "state",
      title: "State",
      width: 220,
      grows: true,
      cell: ({ first, packed, sealed }) => (
        <span class="row">
          {damaged.has(first) && <Badge tone="bad">damaged</Badge>}
          {packed && <Badge tone="accent">packed</Badge>}
          {sealed ? <Badge tone="good">sealed</Badge> : <Badge>being written</Badge>}
        </span>
      ),
    },
    { key: "epoch", title: "Epoch", width: 140, cell: ({ epoch }) => <span class="mono small">{epoch.slice(0, 8)}</span> },
  ];
  const newest = [...segments].reverse();
  return (
    <Panel title="Segments">
      <Table label="Segments, the newest first" columns={columns} rowCount={newest.length} rowAt={(index) => newest[index]} rowKey={({ first }) => String(first)} height={460} />
      {verified == null && <p class="small soft">Whether their bytes are what was written is told by a check.</p>}
    </Panel>
  );
}

export function Snapshots(props: { log: LogForm }): JSX.Element {
  const { snapshots, lsn } = props.log;
  const columns: TableColumn<Snapshot>[] = [
    { key: "file", title: "File", width: 280, grows: true, cell: ({ file }) => <Name text={file} class="cut mono" /> },
    { key: "bytes", title: "Size", width: 110, align: "end", cell: ({ bytes }) => bytesText(bytes) },
    { key: "at", title: "Up to record", width: 140, align: "end", cell: ({ next }) => (next == null ? "–" : grouped(next - 1)) },
    { key: "lag", title: "Behind the log", width: 140, align: "end", cell: ({ next }) => (next == null ? "–" : grouped(Math.max(0, lsn - next + 1))) },
  ];
  return (
    <Panel title="Snapshots">
      {snapshots.length === 0 ? (
        <p class="soft">None: opening the store folds the log from its beginning. Deleting snapshots changes no answer.</p>
      ) : (
        <Table label="Snapshots" columns={columns} rowCount={snapshots.length} rowAt={(index) => snapshots[index]} rowKey={({ file }) => file} height={320} />
      )}
    </Panel>
  );
}
