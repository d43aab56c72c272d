/**
 * The runs that began in a day or another stretch.
 *
 * Invariant: they are those that the figure counts.
 */
import type { JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";

import { post } from "../../api/client";
import { useResource } from "../../api/resource";
import type { Page_Run, Run } from "../../api/types";
import { durationText, Failure, grouped, IconButton, Name, RunStateBadge, Skeleton, Table, Time, timeText, type TableColumn } from "../../parts";
import { go, href } from "../../state/url";
import { beganIn } from "./figures";
import { questionOf } from "./question";
import * as state from "./state";

const SHOWN = 200;

const COLUMNS: TableColumn<Run>[] = [
  {
    key: "name",
    title: "Run",
    width: 200,
    grows: true,
    cell: (run) => (
      <a href={href(`/runs/${run.id}`)}>
        <Name text={run.name} class="cut" />
      </a>
    ),
  },
  { key: "experiment", title: "Experiment", width: 160, grows: true, cell: (run) => <Name text={run.experiment} class="cut" /> },
  { key: "state", title: "State", width: 130, cell: (run) => <RunStateBadge run={run} /> },
  { key: "started", title: "Began", width: 190, cell: (run) => <Time time={run.started ?? run.created} style="full" /> },
  { key: "took", title: "Took", width: 110, align: "end", cell: (run) => tookText(run) },
  { key: "user", title: "User", width: 120, cell: (run) => <Name text={run.actor} class="cut" /> },
];

export function DayRuns(): JSX.Element {
  const range = state.rangeOf(state.day.signal.value);
  const question = { ...questionOf(), limit: SHOWN, sort: ["-created"] };
  const filter = range === null ? [] : [beganIn(range.from, range.to)];
  const body = { ...question, filter: [...(question.filter ?? []), ...filter], experiment: question.experiment?.[0] };
  const { value, error, reload } = useResource(`day ${JSON.stringify(body)}`, (signal) => post<Page_Run>("/runs/search", body, { signal }));
  const box = useRef<HTMLElement>(null);
  useEffect(() => box.current?.focus(), [state.day.signal.value]);
  const page = value.value;
  const title = range === null ? "Runs" : `Runs that began ${timeText(range.from, "short")} to ${timeText(range.to, "short")}`;
  return (
    <section class="panel" ref={box} tabIndex={-1} aria-label={title}>
      <header class="panel-head">
        <h2>{title}</h2>
        <span class="small soft">{page !== undefined && `${grouped(page.total)} runs`}</span>
        <IconButton icon="close" label="Close the list" onClick={() => state.day.set("")} />
      </header>
      <div class="panel-body">
        {error.value && <Failure error={error.value} onRetry={reload} />}
        {page === undefined && !error.value && <Skeleton lines={4} />}
        {page !== undefined && page.items.length === 0 && <p class="soft">No run began then.</p>}
        {page !== undefined && page.items.length > 0 && (
          <Table
            label={title}
            columns={COLUMNS}
            rowCount={page.items.length}
            rowAt={(index) => page.items[index]}
            rowKey={({ id }) => id}
            onOpen={(run) => go(href(`/runs/${run.id}`))}
            height={420}
          />
        )}
        {page !== undefined && page.total > SHOWN && <p class="small soft">The newest {SHOWN} of {grouped(page.total)}.</p>}
      </div>
    </section>
  );
}

function tookText(run: Run): string {
  if (run.started == null || run.ended == null) return "–";
  return durationText(Math.max(0, Date.parse(run.ended) - Date.parse(run.started)) / 1000);
}
