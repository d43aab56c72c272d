/**
 * Days of a year as squares: one column for each week, one row for each day of it.
 *
 * Invariants: a day says its date and figure in words; one day is in the order of the Tab key and the arrows move among
 * the others; weeks begin on Monday; a shade has a number in the legend.
 */
import type { JSX } from "preact";
import { useMemo, useRef, useState } from "preact/hooks";

import { shadeOf, shadesOf } from "./calendar-shades";
import "./calendar.css";

/** A day: its place among all days, and where it stands. */
export interface CalendarDay {
  readonly index: number;
  /** The week, from 0. */
  readonly week: number;
  /** From 0, Monday. */
  readonly weekday: number;
}

export interface Calendar {
  readonly days: readonly CalendarDay[];
  readonly weeks: number;
  /** The weeks in which a month begins, with its number from 1. */
  readonly months: readonly { readonly week: number; readonly month: number; readonly year: number }[];
}

export interface CalendarHeatProps {
  readonly label: string;
  readonly calendar: Calendar;
  /** A number for each day. */
  readonly values: readonly number[];
  /** A day with its figure, in words. */
  readonly words: (index: number) => string;
  /** A number, for the legend. */
  readonly text: (value: number) => string;
  readonly onDay: (index: number) => void;
}

const CELL = 24;
const LEFT = 36;
const TOP = 20;
export const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

export function CalendarHeat(props: CalendarHeatProps): JSX.Element {
  const { calendar, values } = props;
  const bounds = useMemo(() => shadesOf(values), [values]);
  const [current, setCurrent] = useState(calendar.days.length - 1);
  const box = useRef<HTMLDivElement>(null);
  const go = (to: number): void => {
    const next = Math.min(calendar.days.length - 1, Math.max(0, to));
    setCurrent(next);
    box.current?.querySelector<SVGElement>(`[data-day="${next}"]`)?.focus();
  };
  const move = (event: KeyboardEvent): void => {
    const to = { ArrowLeft: current - 7, ArrowRight: current + 7, ArrowUp: current - 1, ArrowDown: current + 1, Home: 0, End: calendar.days.length - 1 }[event.key];
    if (to !== undefined) go(to);
    else if (event.key === "Enter" || event.key === " ") props.onDay(current);
    else return;
    event.preventDefault();
  };
  return (
    <>
      <div class="calendar-year" ref={box} onKeyDown={move}>
        <svg width={LEFT + calendar.weeks * CELL + 4} height={TOP + 7 * CELL + 4} role="group" aria-label={props.label}>
          {calendar.months.map(({ week, month, year }) => (
            <text key={`${year} ${month}`} x={LEFT + week * CELL} y="12" class="calendar-tick">
              {MONTHS[month - 1]}
            </text>
          ))}
          {["Mon", "Wed", "Fri"].map((name, at) => (
            <text key={name} x="0" y={TOP + 2 * at * CELL + 15} class="calendar-tick">
              {name}
            </text>
          ))}
          {calendar.days.map((day) => (
            <Day
              key={day.index}
              day={day}
              words={props.words(day.index)}
              shade={shadeOf(values[day.index] ?? 0, bounds)}
              isCurrent={day.index === current}
              onFocus={setCurrent}
              onOpen={props.onDay}
            />
          ))}
        </svg>
      </div>
      <Shades bounds={bounds} text={props.text} />
    </>
  );
}

interface DayProps {
  readonly day: CalendarDay;
  readonly words: string;
  readonly shade: number;
  readonly isCurrent: boolean;
  readonly onFocus: (day: number) => void;
  readonly onOpen: (day: number) => void;
}

function Day(props: DayProps): JSX.Element {
  const { index, week, weekday } = props.day;
  return (
    <rect
      x={LEFT + week * CELL}
      y={TOP + weekday * CELL}
      width={CELL - 3}
      height={CELL - 3}
      rx="3"
      class={`calendar-day calendar-shade-${props.shade}`}
      data-day={index}
      role="button"
      tabindex={props.isCurrent ? 0 : -1}
      aria-label={props.words}
      onFocus={() => props.onFocus(index)}
      onClick={() => props.onOpen(index)}
    >
      <title>{props.words}</title>
    </rect>
  );
}

function Shades(props: { bounds: readonly number[]; text: (value: number) => string }): JSX.Element {
  const names = ["none", ...props.bounds.map((bound) => `to ${props.text(bound)}`), "more"];
  const shades = [0, ...props.bounds.map((bound) => shadeOf(bound, props.bounds)), 4];
  return (
    <p class="row small soft calendar-shades">
      {names.map((name, at) => (
        <span key={name} class="calendar-key">
          <svg width="12" height="12" aria-hidden="true">
            <rect width="12" height="12" rx="3" class={`calendar-day calendar-shade-${shades[at] ?? 0}`} />
          </svg>
          {name}
        </span>
      ))}
    </p>
  );
}
