/**
 * What happened when: how many runs, how they ended, how long they and their GPUs were busy.
 *
 * Invariant: every figure is of the same question, whose every part is in the address; a figure says what it counts.
 */
import type { JSX } from "preact";
import { useMemo } from "preact/hooks";

import "./analytics.css";
import { post } from "../../api/client";
import { serverNow } from "../../api/reach";
import { useResource } from "../../api/resource";
import type { Activity } from "../../api/types";
import { Failure, Panel, Skeleton } from "../../parts";
import { useTicks } from "../../live/live";
import { preferences } from "../../state/preferences";
import { pinnedAt } from "../../state/url";
import { RunCalendar } from "./calendar-heat";
import { edgesOf, usualGranularity } from "./calendar";
import { Charts } from "./charts";
import { Controls } from "./controls";
import { DayRuns } from "./day-runs";
import { questionOf } from "./question";
import { SeriesTable } from "./series-table";
import * as state from "./state";
import { Tiles } from "./tiles";

/** Figures change slowly: they are asked for again at most so often while runs come and go. */
const AGAIN_MS = 10_000;

export default function Analytics(): JSX.Element {
  const zone = preferences.timeZone.value;
  const [range, bucket, by] = [state.range.signal.value, state.bucket.signal.value, state.by.signal.value];
  const filters = JSON.stringify(questionOf());
  const { value, error, isLoading, reload } = useResource(`activity ${range} ${bucket} ${by} ${zone} ${filters}`, (signal) => {
    const moments = state.momentsOf(range, serverNow());
    const granularity = bucket === "auto" ? usualGranularity(moments) : bucket;
    const question = { ...questionOf(), edges: edgesOf(moments, granularity, zone), keys: 12, ...(by === "none" ? {} : { by }) };
    return post<Activity>("/activity", question, { signal }).then((activity) => ({ activity, granularity }));
  });
  const last = useMemo(() => ({ at: 0 }), []);
  useTicks({}, (tick) => {
    const isNew = tick.events.some(({ type }) => type.startsWith("run_"));
    if (!isNew || Date.now() - last.at < AGAIN_MS) return;
    last.at = Date.now();
    reload();
  });
  const found = value.value;
  return (
    <div class="page analytics">
      <div class="page-head">
        <h1>Analytics</h1>
        {isLoading.value && found !== undefined && <span class="small soft">loading…</span>}
        {pinnedAt.value !== null && <span class="small soft">as the store was then</span>}
      </div>
      <Controls activity={found?.activity} />
      {error.value && <Failure error={error.value} onRetry={reload} />}
      {found === undefined && !error.value && <Skeleton lines={12} />}
      {found !== undefined && (
        <>
          {found.activity.notes.map((note) => (
            <p key={note} class="soft name">
              {note}
            </p>
          ))}
          <Tiles activity={found.activity} />
          <Charts activity={found.activity} granularity={found.granularity} />
          {by !== "none" && (
            <Panel title={`By ${by}`}>
              <SeriesTable activity={found.activity} by={by} />
            </Panel>
          )}
        </>
      )}
      <Panel title="Calendar">
        <RunCalendar />
      </Panel>
      {state.day.signal.value !== "" && <DayRuns />}
    </div>
  );
}
