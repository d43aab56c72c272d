/**
 * A year of days: how many runs began, how different their parameters were, how much of what was tried they covered.
 *
 * Invariant: the filters of the page hold here, too; a day opens the list of its runs.
 */
import type { JSX } from "preact";
import { useMemo } from "preact/hooks";

import { post } from "../../api/client";
import { serverNow } from "../../api/reach";
import { useResource } from "../../api/resource";
import type { Activity } from "../../api/types";
import { CalendarHeat, MONTHS } from "../../charts/calendar";
import { Failure, grouped, Select, significant, Skeleton } from "../../parts";
import { preferences } from "../../state/preferences";
import { calendarOf, edgesOf, localTime } from "./calendar";
import { questionOf } from "./question";
import * as state from "./state";

const ABOUT: Record<state.Mode, string> = {
  runs: "How many runs began on the day.",
  diversity: "How many different settings of parameters the runs of the day have.",
  coverage: "Which share of all values of parameters that the runs of the year tried, the day tried.",
};

export function RunCalendar(): JSX.Element {
  const zone = preferences.timeZone.value;
  const mode = state.mode.signal.value;
  const { value, error, reload } = useResource(`calendar ${zone} ${mode === "runs"} ${JSON.stringify(questionOf())}`, (signal) => {
    const now = serverNow();
    const edges = edgesOf({ from: now - 364 * 86_400_000, to: now }, "day", zone);
    return post<Activity>("/activity", { ...questionOf(), edges, settings: mode !== "runs" }, { signal });
  });
  const activity = value.value;
  const values = activity === undefined ? undefined : valuesOf(activity, mode);
  return (
    <div class="analytics-calendar">
      <div class="row analytics-calendar-head">
        <Select
          label="Shown"
          value={mode}
          options={[["runs", "Runs"], ["diversity", "Diversity"], ["coverage", "Coverage"]]}
          onChange={(next) => state.mode.set(next)}
        />
        <p class="small soft">{ABOUT[mode]} The filters above hold here, too. Enter or a click lists the runs of a day.</p>
      </div>
      {error.value && <Failure error={error.value} onRetry={reload} />}
      {(activity === undefined || values === undefined) && !error.value && <Skeleton lines={6} />}
      {activity !== undefined && values !== undefined && <Year edges={activity.edges} values={values} runs={activity.whole.runs} mode={mode} zone={zone} />}
    </div>
  );
}

/** The figures of a mode; undefined while they are on their way. */
function valuesOf(activity: Activity, mode: state.Mode): readonly number[] | undefined {
  if (mode === "runs") return activity.whole.runs;
  return (mode === "diversity" ? activity.settings : activity.coverage) ?? undefined;
}

interface YearProps {
  readonly edges: readonly number[];
  readonly values: readonly number[];
  readonly runs: readonly number[];
  readonly mode: state.Mode;
  readonly zone: string;
}

function Year({ edges, values, runs, mode, zone }: YearProps): JSX.Element {
  const calendar = useMemo(() => calendarOf(edges, zone), [edges, zone]);
  const words = (index: number): string => {
    const { year, month, day } = localTime(edges[index] ?? 0, zone);
    const more = mode === "runs" ? "" : `, ${grouped(runs[index] ?? 0)} runs`;
    return `${day} ${MONTHS[month - 1]} ${year}: ${figureText(values[index] ?? 0, mode)}${more}`;
  };
  return (
    <CalendarHeat
      label="Days of the year"
      calendar={calendar}
      values={values}
      words={words}
      text={(value) => (mode === "coverage" ? `${significant(value * 100, 2)} %` : grouped(value))}
      onDay={(index) => open(edges, index)}
    />
  );
}

function open(edges: readonly number[], day: number): void {
  state.day.set(`${edges[day] ?? 0}..${edges[day + 1] ?? 0}`);
}

function figureText(value: number, mode: state.Mode): string {
  switch (mode) {
    case "runs":
      return value === 1 ? "1 run" : `${grouped(value)} runs`;
    case "diversity":
      return value === 1 ? "1 setting" : `${grouped(value)} settings`;
    case "coverage":
      return `${significant(value * 100, 3)} % of the values`;
  }
}
