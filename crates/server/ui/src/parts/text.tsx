/**
 * Texts of the store and of the clock: names, ids, numbers, times.
 *
 * Invariant: what is shortened is whole in its title and when it is copied; a time is shown in the user's zone with UTC
 * in its title, made when somebody points at it where there are many; a text is only ever a text node.
 */
import { computed, signal } from "@preact/signals";
import type { ComponentChildren, JSX } from "preact";

import { serverNow } from "../api/reach";
import { preferences } from "../state/preferences";
import { copy } from "./copy";
import { significant } from "./number";

/** A number as the interface tells it. */
export type ApiNumber = number | "NaN" | "Infinity" | "-Infinity" | null | undefined;

/** A number with as many digits as one reads; all of them in the title. */
export function NumberText(props: { value: ApiNumber; digits?: number }): JSX.Element {
  const { value } = props;
  if (value === null || value === undefined) return <span class="faint">–</span>;
  return (
    <span class="number" title={String(value)}>
      {significant(value, props.digits)}
    </span>
  );
}

/** An id in its short form; a click copies all of it. */
export function Identifier(props: { id: string; short?: string }): JSX.Element {
  const short = props.short ?? (props.id.length > 10 ? props.id.slice(-8) : props.id);
  return (
    <button type="button" class="identifier" title={`${props.id} – copy`} onClick={() => void copy(props.id)}>
      {short}
    </button>
  );
}

/** A name of the store: any length, any direction. */
export function Name(props: { text: string; class?: string }): JSX.Element {
  return (
    <span class={props.class ?? "name"} dir="auto" title={props.text.length > 24 ? props.text.slice(0, 2_000) : undefined}>
      {props.text.length > 2_000 ? `${props.text.slice(0, 2_000)}…` : props.text}
    </span>
  );
}

const minute = signal(0);
if (typeof document !== "undefined") setInterval(() => (minute.value += 1), 30_000);

const formats = computed(() => {
  const zone = preferences.timeZone.value;
  const timeZone = zone === "local" ? {} : { timeZone: zone };
  return {
    full: new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "medium", ...timeZone }),
    short: new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short", ...timeZone }),
  };
});

/** A time in the user's zone. */
export function timeText(time: string | number, style: "full" | "short" = "full"): string {
  const date = new Date(time);
  return Number.isNaN(date.getTime()) ? String(time) : formats.value[style].format(date);
}

/** How long ago, in words. */
export function agoText(time: string | number, now: number = serverNow()): string {
  const seconds = Math.round((now - new Date(time).getTime()) / 1000);
  if (seconds < -5) return "in the future";
  if (seconds < 45) return "just now";
  if (seconds < 3_570) return `${Math.round(seconds / 60)} min ago`;
  if (seconds < 86_400) return `${Math.round(seconds / 3_600)} h ago`;
  const days = Math.round(seconds / 86_400);
  if (days < 45) return days === 1 ? "1 day ago" : `${days} days ago`;
  return days < 550 ? `${Math.round(days / 30.4)} months ago` : `${Math.round(days / 365)} years ago`;
}

/** A time: how long ago it is, with the time itself and UTC in the title. */
export function Time(props: { time: string | null | undefined; style?: "ago" | "full" | "short" }): JSX.Element {
  if (props.time === null || props.time === undefined) return <span class="faint">–</span>;
  const style = props.style ?? "ago";
  // Reading it makes the words age.
  if (style === "ago") void minute.value;
  const { time } = props;
  const utc = (): string => new Date(time).toISOString().replace("T", " ").replace("Z", " UTC");
  if (style !== "ago") {
    return (
      <time dateTime={time} title={utc()}>
        {timeText(time, style)}
      </time>
    );
  }
  // The first format of a page costs as much as a hundred rows.
  return (
    <time dateTime={time} onPointerEnter={(event) => (event.currentTarget.title = `${timeText(time)}\n${utc()}`)}>
      {agoText(time)}
    </time>
  );
}

/** A length of time in words. */
export function durationText(seconds: number): string {
  if (seconds < 60) return `${seconds < 10 ? Number(seconds.toFixed(1)) : Math.round(seconds)} s`;
  if (seconds < 3_600) return `${Math.floor(seconds / 60)} min ${Math.floor(seconds % 60)} s`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3_600)} h ${Math.floor((seconds % 3_600) / 60)} min`;
  return `${Math.floor(seconds / 86_400)} d ${Math.floor((seconds % 86_400) / 3_600)} h`;
}

/** Text for those who hear the page. */
export function VisuallyHidden(props: { children: ComponentChildren }): JSX.Element {
  return <span class="unseen">{props.children}</span>;
}
