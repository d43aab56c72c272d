/**
 * What was done to the store, by whom, and how it is taken back.
 *
 * Invariant: an undo is asked for by the operation's own record, so that it never takes back something else.
 */
import type { JSX } from "preact";
import { useState } from "preact/hooks";

import { get, post } from "../../api/client";
import { useResource } from "../../api/resource";
import type { Operation, Operations as Page, UndoneForm } from "../../api/types";
import { useTicks } from "../../live/live";
import { Badge, Button, Failure, Name, Panel, Skeleton, Switch, Table, Time, type TableColumn } from "../../parts";
import { whyFixed } from "../../state/rights";
import { did, failed } from "../../state/undo";
import { change } from "../../state/url";

const PAGE = 200;

export function Operations(): JSX.Element {
  const [withRuns, setWithRuns] = useState(false);
  const [older, setOlder] = useState<readonly Operation[]>([]);
  const [next, setNext] = useState<string | null | undefined>(undefined);
  const first = useResource(`operations ${withRuns}`, async (signal) => {
    const page = await get<Page>("/operations", { limit: PAGE, without_runs: !withRuns }, { signal, pinned: false });
    setOlder([]);
    setNext(page.next);
    return page;
  });
  useTicks({}, (tick) => {
    if (tick.events.length > 0 && older.length === 0) first.reload();
  });
  const more = async (): Promise<void> => {
    if (next == null) return;
    const cursor = next;
    setNext(null);
    try {
      const page = await get<Page>("/operations", { limit: PAGE, without_runs: !withRuns, cursor }, { pinned: false });
      setOlder((known) => [...known, ...page.items]);
      setNext(page.next);
    } catch (error) {
      failed("Older operations could not be read", error);
      setNext(cursor);
    }
  };
  const rows = [...(first.value.value?.items ?? []), ...older];
  return (
    <Panel title="Operations" actions={<Switch label="Also what runs do by themselves" isOn={withRuns} onChange={setWithRuns} />}>
      {first.error.value && <Failure error={first.error.value} onRetry={first.reload} />}
      {first.value.value === undefined && !first.error.value && <Skeleton lines={8} />}
      {first.value.value !== undefined && rows.length === 0 && <p class="soft">Nothing was done yet.</p>}
      {rows.length > 0 && (
        <Table
          label="Operations, the newest first"
          columns={columnsFor(first.reload)}
          rowCount={rows.length}
          rowAt={(index) => rows[index]}
          rowKey={({ lsn }) => String(lsn)}
          onRange={(_, end) => {
            if (end >= rows.length) void more();
          }}
          height={560}
        />
      )}
    </Panel>
  );
}

function columnsFor(reload: () => void): TableColumn<Operation>[] {
  return [
    {
      key: "lsn",
      title: "Record",
      width: 110,
      align: "end",
      cell: ({ lsn, last }) => (
        <button type="button" class="log-link" title="Show all pages as of this operation" onClick={() => change({ at: String(last) })}>
          {lsn}
        </button>
      ),
    },
    { key: "time", title: "When", width: 120, cell: ({ time }) => <Time time={time} /> },
    { key: "what", title: "What", width: 320, grows: true, cell: ({ what }) => <Name text={what} class="cut" /> },
    { key: "actor", title: "Who", width: 140, cell: ({ actor }) => <Name text={actor} class="cut" /> },
    { key: "command", title: "By", width: 200, grows: true, cell: ({ command }) => <Name text={command} class="cut mono small" /> },
    { key: "undo", title: "Taken back", width: 150, cell: (operation) => <Undo operation={operation} reload={reload} /> },
  ];
}

function Undo(props: { operation: Operation; reload: () => void }): JSX.Element {
  const { operation } = props;
  if (operation.undone_by != null) return <Badge>{`undone by ${operation.undone_by}`}</Badge>;
  const isFixed = whyFixed.value !== null;
  const undo = async (): Promise<void> => {
    try {
      const undone = await post<UndoneForm>("/undo", { lsn: operation.lsn });
      const how = undone.lsn == null ? undefined : { lsn: undone.lsn };
      did(`Taken back: ${undone.what}`, how);
      props.reload();
    } catch (error) {
      failed("It could not be taken back", error);
    }
  };
  return (
    <Button kind="quiet" disabled={isFixed} {...(isFixed ? { title: whyFixed.value ?? "" } : {})} onClick={() => void undo()}>
      {operation.undoes == null ? "Undo" : "Undo the undo"}
    </Button>
  );
}
