/**
 * The figures of each experiment, user, machine or state.
 *
 * Invariant: where there are more than are told, it says so.
 */
import type { JSX } from "preact";

import type { Activity, ActivitySeries } from "../../api/types";
import { durationText, grouped, Name, significant, Table, type TableColumn } from "../../parts";
import { href } from "../../state/url";
import { totalsOf } from "./figures";
import * as state from "./state";

export function SeriesTable(props: { activity: Activity; by: Exclude<state.By, "none"> }): JSX.Element {
  const { items, keys_total } = props.activity;
  const narrow = (series: ActivitySeries): void => state[props.by].set(props.by === "state" ? series.key : series.name);
  const columns: TableColumn<ActivitySeries>[] = [
    {
      key: "name",
      title: props.by === "host" ? "Machine" : props.by[0]?.toUpperCase() + props.by.slice(1),
      width: 200,
      grows: true,
      cell: (series) => (
        <button type="button" class="text-link" onClick={() => narrow(series)} title="Only these">
          <Name text={series.name === "" ? "(nobody said)" : series.name} class="cut" />
        </button>
      ),
    },
    { key: "runs", title: "Runs", width: 90, align: "end", cell: (series) => grouped(series.total) },
    { key: "spark", title: "Over time", width: 140, cell: (series) => <Spark values={series.runs} /> },
    {
      key: "success",
      title: "Success",
      width: 90,
      align: "end",
      cell: (series) => {
        const { success } = totalsOf(series);
        return success === null ? "–" : `${significant(success * 100, 3)} %`;
      },
    },
    { key: "time", title: "Run time", width: 120, align: "end", cell: (series) => durationText(totalsOf(series).runHours * 3_600) },
    { key: "gpu", title: "GPU-hours", width: 110, align: "end", cell: (series) => significant(totalsOf(series).gpuHours, 4) },
    {
      key: "open",
      title: "Page",
      width: 80,
      cell: (series) => (props.by === "experiment" ? <a href={href(`/experiments/${encodeURIComponent(series.key)}`)}>Open</a> : null),
    },
  ];
  return (
    <>
      <Table label={`Figures by ${props.by}`} columns={columns} rowCount={items.length} rowAt={(index) => items[index]} rowKey={({ key }) => key} height={420} />
      {keys_total > items.length && <p class="small soft">The {items.length} with the most runs, of {grouped(keys_total)}.</p>}
    </>
  );
}

/** Figures as small bars. */
function Spark(props: { values: readonly number[] }): JSX.Element {
  const most = Math.max(1, ...props.values);
  const width = 120 / Math.max(1, props.values.length);
  const bars = props.values.map((value, at) =>
    value === 0 ? "" : `M${at * width} 20V${20 - Math.max(1.5, (value / most) * 18)}h${Math.max(0.7, width * 0.8)}V20Z`,
  );
  return (
    <svg width="120" height="20" aria-hidden="true">
      <path d={bars.join("")} fill="var(--accent)" />
    </svg>
  );
}
