/**
 * The experiments of the store.
 *
 * Invariants: only rows that are seen ask for their numbers; what happens changes numbers in place, and rows move only
 * when nobody points at them.
 */
import { signal } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";

import "./experiments.css";
import { get } from "../../api/client";
import { useResource } from "../../api/resource";
import type { Experiment, Page_Experiment } from "../../api/types";
import { onTicks } from "../../live/live";
import { Button, Chip, counted, Failure, Name, Skeleton, Switch, Table, TextField, Time, type TableColumn } from "../../parts";
import { useActions } from "../../state/actions";
import { flag, go, href, param, text } from "../../state/url";
import { Activity } from "./activity";
import { pointAt, useArchive } from "./archive";
import { Best } from "./best";
import { FirstSteps } from "./first-steps";
import { HeldList } from "./held";
import { arranged } from "./order";
import { Counts } from "./counts";

const PAGE = 500;
const RELOAD_MS = 1_000;
const asked = param("filter", text, "");
const sorted = param("sort", text, "-updated");
const withArchived = param("archived", flag, false);
const isHeld = signal(false);

interface Listed {
  /** What they are an answer to. */
  readonly question: string;
  readonly items: Experiment[];
  readonly total: number;
}

async function load(question: string, abort: AbortSignal): Promise<Listed> {
  const query = {
    filter: asked.signal.peek() || null,
    sort: sorted.signal.peek(),
    archived: withArchived.signal.peek() ? true : null,
    limit: PAGE,
  };
  const items: Experiment[] = [];
  let cursor: string | null = null;
  do {
    const page: Page_Experiment = await get<Page_Experiment>("/experiments", { ...query, cursor }, { signal: abort });
    items.push(...page.items);
    cursor = page.next ?? null;
  } while (cursor !== null && items.length < 20_000);
  return { question, items, total: items.length };
}

export default function Experiments(): JSX.Element {
  const question = `${asked.signal.value}\n${sorted.signal.value}\n${withArchived.signal.value}`;
  const { value, error, reload } = useResource(question, (abort) => load(question, abort));
  useReload(reload);
  const { rows, isNewOrder, showNew } = useRows(value.value);
  useArchive(rows, reload);
  const isFirst = value.value !== undefined && asked.signal.value === "" && value.value.items.every((each) => each.runs === 0);
  return (
    <div class="page">
      <header class="page-head">
        <h1>Experiments</h1>
        {value.value && <span class="soft">{counted(value.value.total, "experiment")}</span>}
        <FilterField />
        <Switch label="Archived, too" isOn={withArchived.signal.value} onChange={(isOn) => withArchived.set(isOn)} />
      </header>
      {error.value && <Failure error={error.value} onRetry={reload} />}
      {value.value === undefined && !error.value && <Skeleton lines={8} />}
      {isFirst && <FirstSteps />}
      {(rows.length > 0 || isNewOrder) && (
        <HeldList isWaiting={isNewOrder} onShow={showNew} onHold={(isNow) => (isHeld.value = isNow)} onFocusIn={(event) => pointAt(event.target, rows)}>
          <List rows={rows} />
        </HeldList>
      )}
      {value.value?.items.length === 0 && asked.signal.value !== "" && (
        <p>
          No experiment is called that. <Button onClick={() => asked.set("")}>Drop the filter</Button>
        </p>
      )}
    </div>
  );
}

function FilterField(): JSX.Element {
  const box = useRef<HTMLDivElement>(null);
  useActions([
    {
      id: "experiments.filter",
      title: "Filter the experiments",
      keys: "/",
      cli: () => `mltrack exp ls`,
      run: () => box.current?.querySelector("input")?.focus(),
    },
  ]);
  return (
    <div ref={box}>
      <TextField
        label="Filter"
        isLabelHidden
        type="search"
        placeholder="Filter by name"
        value={asked.signal.value}
        onInput={(words) => asked.set(words, { replace: true })}
      />
    </div>
  );
}

/** The rows in their order: a new order waits while somebody points at the old one. */
function useRows(listed: Listed | undefined): { rows: Experiment[]; isNewOrder: boolean; showNew: () => void } {
  const shown = useRef<{ question: string; ids: number[]; isWaiting: boolean }>({ question: "", ids: [], isWaiting: false });
  const [, drawAgain] = useState(0);
  // What has begun to wait does so until it is asked for, also when the pointer goes there to ask.
  const isSame = shown.current.question === listed?.question;
  // Of an empty list nothing can move: what is new in it shows at once.
  const held = isSame && shown.current.ids.length > 0 && (isHeld.value || shown.current.isWaiting);
  const { rows, isNewOrder } = arranged(listed?.items ?? [], held ? shown.current.ids : null);
  // At once, not after it was painted: what is asked for meanwhile is not to be forgotten over it.
  if (listed !== undefined) {
    shown.current = { question: listed.question, ids: rows.map((row) => row.id), isWaiting: isNewOrder };
  }
  return {
    rows,
    isNewOrder,
    showNew: () => {
      shown.current = { question: "", ids: [], isWaiting: false };
      drawAgain((turn) => turn + 1);
    },
  };
}

/** Loads the list anew when something was made, started, ended or changed; at most once a second. */
function useReload(reload: () => void): void {
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | null = null;
    let isMissed = false;
    const load = (): void => {
      isMissed = false;
      reload();
      timer = setTimeout(() => {
        timer = null;
        // What happened within that second is loaded, too.
        if (isMissed) load();
      }, RELOAD_MS);
    };
    const stop = onTicks({}, (tick) => {
      if (tick.events.length === 0) return;
      if (timer === null) load();
      else isMissed = true;
    });
    return () => {
      stop();
      if (timer !== null) clearTimeout(timer);
    };
  }, [reload]);
}

function sorting(name: string): Pick<TableColumn<Experiment>, "sort" | "onSort"> {
  const current = sorted.signal.value;
  const sort = current === name ? "asc" : current === `-${name}` ? "desc" : null;
  return { sort, onSort: () => sorted.set(sort === "asc" ? `-${name}` : name) };
}

function List(props: { rows: Experiment[] }): JSX.Element {
  const columns: TableColumn<Experiment>[] = [
    { key: "name", title: "Name", width: 220, grows: true, sticky: true, cell: (row) => <Title row={row} />, ...sorting("name") },
    { key: "activity", title: "Runs made in 30 days", width: 168, cell: (row) => <Activity experiment={row} /> },
    { key: "runs", title: "Runs by state", width: 200, cell: (row) => <Counts experiment={row} />, ...sorting("runs") },
    { key: "best", title: "Best of the goal", width: 200, cell: (row) => <Best experiment={row} /> },
    { key: "owner", title: "Owner", width: 110, cell: (row) => <Name text={row.owner || "–"} class="cut" /> },
    { key: "tags", title: "Tags", width: 160, cell: (row) => <Tags row={row} /> },
    { key: "updated", title: "Updated", width: 110, cell: (row) => <Time time={row.updated} />, ...sorting("updated") },
  ];
  return (
    <Table
      label="Experiments"
      columns={columns}
      rowCount={props.rows.length}
      rowAt={(index) => props.rows[index]}
      rowKey={(row) => String(row.id)}
      onOpen={(row) => go(`/experiments/${row.id}`)}
    />
  );
}

function Title(props: { row: Experiment }): JSX.Element {
  const { row } = props;
  return (
    <span class="experiments-title">
      <a class="cut" href={href(`/experiments/${row.id}`)}>
        <Name text={row.name} class="cut" />
      </a>
      {row.description !== "" && (
        <span class="cut small soft" dir="auto" title={row.description.slice(0, 2_000)}>
          {row.description.slice(0, 300)}
        </span>
      )}
    </span>
  );
}

function Tags(props: { row: Experiment }): JSX.Element {
  const tags = Object.entries(props.row.tags);
  if (tags.length === 0) return <span class="faint">–</span>;
  return (
    <span class="experiments-tags">
      {tags.slice(0, 3).map(([name, value]) => (
        <Chip key={name} text={value === "" ? name : `${name}: ${value}`} />
      ))}
    </span>
  );
}
