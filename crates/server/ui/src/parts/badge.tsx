/**
 * Short states: a shape, a word and a colour, so that each alone says it.
 *
 * Invariant: a run that nobody has heard of for a while never looks like one that is well.
 */
import type { ComponentChildren, JSX } from "preact";

import type { Run, RunState } from "../api/types";
import { durationText } from "./text";

export type Tone = "plain" | "good" | "warn" | "bad" | "accent";

export function Badge(props: { children: ComponentChildren; tone?: Tone; title?: string }): JSX.Element {
  const tone = props.tone ?? "plain";
  return (
    <span class={tone === "plain" ? "badge" : `badge badge-${tone}`} title={props.title}>
      {props.children}
    </span>
  );
}

interface Look {
  readonly word: string;
  readonly tone: Tone;
  /** A path in a square of 10. */
  readonly shape: string;
  readonly isFilled: boolean;
}

const LOOKS: Record<RunState, Look> = {
  pending: { word: "pending", tone: "plain", shape: "M5 1.5a3.5 3.5 0 110 7 3.5 3.5 0 010-7z", isFilled: false },
  queued: { word: "queued", tone: "plain", shape: "M1 2.5h8M1 5h8M1 7.5h8", isFilled: false },
  running: { word: "running", tone: "accent", shape: "M2.5 1.2l6 3.8-6 3.8z", isFilled: true },
  completed: { word: "completed", tone: "good", shape: "M1.5 5.5l2.5 2.5 4.5-6", isFilled: false },
  failed: { word: "failed", tone: "bad", shape: "M2 2l6 6M8 2l-6 6", isFilled: false },
  cancelled: { word: "cancelled", tone: "plain", shape: "M1.5 1.5h7v7h-7z", isFilled: false },
  timed_out: { word: "timed out", tone: "warn", shape: "M5 1a4 4 0 110 8 4 4 0 010-8zM5 2.8V5l1.6 1", isFilled: false },
  lost: { word: "lost", tone: "bad", shape: "M5 .8l4.2 7.6H.8zM5 3.8v2M5 7v.1", isFilled: false },
};

/** The sign of a state by itself, for lists that have the word beside it. */
export function StateShape(props: { state: RunState }): JSX.Element {
  const look = LOOKS[props.state];
  return (
    <svg viewBox="0 0 10 10" aria-hidden="true" fill={look.isFilled ? "currentColor" : "none"} stroke="currentColor" stroke-width="1.6">
      <path d={look.shape} stroke-linecap="round" stroke-linejoin="round" />
    </svg>
  );
}

/** The state of a run: its shape, its word, its colour. */
export function StateBadge(props: { state: RunState; silentSeconds?: number | null }): JSX.Element {
  const look = LOOKS[props.state];
  const silent = props.state === "running" ? (props.silentSeconds ?? null) : null;
  const isSilent = silent !== null && silent > 60;
  return (
    <Badge tone={isSilent ? "warn" : look.tone}>
      <StateShape state={props.state} />
      {isSilent ? `silent for ${durationText(silent)}` : look.word}
    </Badge>
  );
}

/** The same of a run. */
export function RunStateBadge(props: { run: Pick<Run, "state" | "silent_s"> }): JSX.Element {
  return <StateBadge state={props.run.state} silentSeconds={props.run.silent_s ?? null} />;
}
