/**
 * The records of the log, from any place in both directions.
 *
 * Invariants: what is held grows by scrolling to its old end and by a press at its new one, so that nothing moves under
 * the pointer; a record that is long, damaged or of an unknown kind is named as what it is.
 */
import type { JSX } from "preact";
import { useEffect, useMemo, useState } from "preact/hooks";

import { useTicks } from "../../live/live";
import { Badge, Button, Failure, grouped, Name, Select, Skeleton, Table, TextField, Time, type TableColumn } from "../../parts";
import type { LogRecord } from "../../api/types";
import { change, href, number, param, pinnedAt, text } from "../../state/url";
import { Detail } from "./detail";
import { Browser, lineOf, subjectOf } from "./records";
import { TYPES } from "./types";

const types = param("types", text, "");
const run = param("run", text, "");
const find = param("text", text, "");
/** The record that the list begins at; 0 for the end of the log. */
const from = param("from", number, 0);
const opened = param("record", number, 0);

export function Events(): JSX.Element {
  const browser = useMemo(() => new Browser(), []);
  const wanted = { types: types.signal.value, run: run.signal.value, text: find.signal.value };
  const start = from.signal.value;
  const at = pinnedAt.value;
  useEffect(() => {
    void browser.begin(wanted, start > 0 ? start : null);
    return () => browser.stop();
  }, [browser, wanted.types, wanted.run, wanted.text, start, at]);
  useTicks({}, () => browser.grew());
  return (
    <div class="log-events">
      <Filters />
      {browser.error.value && (
        <Failure error={browser.error.value} onRetry={() => void browser.begin(wanted, start > 0 ? start : null)} />
      )}
      <Lost browser={browser} />
      <div class="log-browser">
        <Rows browser={browser} />
        {opened.signal.value > 0 && <Detail lsn={opened.signal.value} onClose={() => opened.set(0, { replace: true })} />}
      </div>
    </div>
  );
}

function Filters(): JSX.Element {
  const [place, setPlace] = useState("");
  const [words, setWords] = useState(find.signal.peek());
  const [ofRun, setOfRun] = useState(run.signal.peek());
  const go = (): void => {
    const lsn = Number(place);
    if (Number.isInteger(lsn) && lsn > 0) from.set(lsn);
  };
  return (
    <div class="row log-filters" role="group" aria-label="Which records">
      <Select label="Type" value={types.signal.value} options={[["", "All types"], ...TYPES.map((name) => [name, name.replaceAll("_", " ")] as const)]} onChange={(value) => types.set(value)} />
      <TextField label="Run" value={ofRun} placeholder="id or name" onInput={setOfRun} onEnter={() => run.set(ofRun.trim())} />
      <TextField label="Text" type="search" value={words} placeholder="in what it says; Enter searches" onInput={setWords} onEnter={() => find.set(words)} />
      <TextField label="From record" value={place} placeholder="412" onInput={setPlace} onEnter={go} />
      <Button onClick={() => change({ types: null, run: null, text: null, from: null })}>All from the end</Button>
    </div>
  );
}

function Lost(props: { browser: Browser }): JSX.Element | null {
  const { lost } = props.browser.state.value;
  if (lost.length === 0) return null;
  const ranges = lost.slice(0, 5).map(({ first, end }) => (end - first === 1 ? grouped(first) : `${grouped(first)} to ${grouped(end - 1)}`));
  return (
    <p class="log-bad" role="alert">
      <strong>Records that cannot be read:</strong> {ranges.join(", ")}
      {lost.length > 5 && ` and ${lost.length - 5} more ranges`}. All others are shown.{" "}
      <a href={href("/log", { part: "check" })}>Check the log</a> to learn what is wrong and the command that repairs.
    </p>
  );
}

function Rows(props: { browser: Browser }): JSX.Element {
  const { browser } = props;
  const held = browser.state.value;
  const busy = browser.isLoading.value;
  const isFiltered = types.signal.value !== "" || run.signal.value !== "" || find.signal.value !== "";
  return (
    <div class="log-rows">
      <div class="row log-bar small">
        {held.newer !== null && (
          <Button disabled={busy !== null} onClick={() => void browser.newer()}>
            Newer records
          </Button>
        )}
        <span class="soft">
          {busy !== null && held.items.length === 0 ? "Looking…" : `${grouped(held.items.length)} shown`}
          {isFiltered && `, ${grouped(held.scanned)} looked at`}
          {held.older === null && busy === null && " down to the beginning of the log"}
        </span>
        {held.older !== null && isFiltered && (
          <Button kind="quiet" disabled={busy !== null} onClick={() => void browser.older()}>
            Look further back
          </Button>
        )}
      </div>
      {held.items.length === 0 && busy !== null && <Skeleton lines={8} />}
      {held.items.length === 0 && busy === null && <p class="soft">No record {isFiltered ? "is like that" : "is there"}{held.older !== null && " so far"}.</p>}
      {held.items.length > 0 && (
        <Table
          label="Records, the newest first"
          columns={COLUMNS}
          rowCount={held.items.length}
          rowAt={(index) => held.items[index]}
          rowKey={({ lsn }) => String(lsn)}
          isSelected={({ lsn }) => lsn === opened.signal.value}
          onOpen={({ lsn }) => opened.set(lsn, { replace: true })}
          onRange={(_, end) => {
            if (end >= held.items.length - 10 && held.older !== null) void browser.older();
          }}
          height={600}
        />
      )}
    </div>
  );
}

const COLUMNS: TableColumn<LogRecord>[] = [
  {
    key: "lsn",
    title: "Record",
    width: 110,
    align: "end",
    cell: ({ lsn }) => (
      <button type="button" class="log-link" onClick={() => opened.set(lsn, { replace: true })}>
        {lsn}
      </button>
    ),
  },
  { key: "time", title: "When", width: 190, cell: ({ time }) => <Time time={time} style="full" /> },
  {
    key: "type",
    title: "Type",
    width: 190,
    cell: ({ type, type_id, unreadable }) => (
      <span class="row">
        {type === "unknown" ? <Badge tone="warn">{`unknown kind ${type_id}`}</Badge> : type.replaceAll("_", " ")}
        {unreadable != null && <Badge tone="bad">unreadable</Badge>}
      </span>
    ),
  },
  { key: "about", title: "About", width: 150, cell: (record) => <Subject record={record} /> },
  { key: "says", title: "Says", width: 260, grows: true, cell: (record) => <Name text={lineOf(record)} class="cut small" /> },
];

function Subject(props: { record: LogRecord }): JSX.Element {
  const subject = subjectOf(props.record);
  if (subject === null) return <span class="faint">–</span>;
  return (
    <a class="cut" href={href(subject.path)} title={subject.text}>
      <Name text={subject.text} class="mono small" />
    </a>
  );
}
