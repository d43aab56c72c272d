/**
 * How up to date the page is.
 *
 * Invariant: only this badge is drawn anew while seconds pass.
 */
import type { JSX } from "preact";

import { isPaused, liveState, retryNow, secondsBehind, secondsToRetry, setPaused, type LiveState } from "../live/live";
import { go, place } from "../state/url";

const TONES: Record<LiveState, string> = {
  live: "good",
  behind: "warn",
  paused: "accent",
  offline: "bad",
  polling: "accent",
  past: "accent",
  refused: "bad",
};

function words(state: LiveState): string {
  switch (state) {
    case "behind":
      return `${secondsBehind.value} s behind`;
    case "offline":
      return secondsToRetry.value === null ? "offline" : `offline · retry in ${secondsToRetry.value} s`;
    case "past":
      return "past";
    case "refused":
      return "no access";
    default:
      return state;
  }
}

const TITLES: Record<LiveState, string> = {
  live: "What happens is shown within a second. Press to pause.",
  behind: "The page catches up with the log.",
  paused: "Updates are held back. Press to go on.",
  offline: "The server does not answer. Press to try again now.",
  polling: "Streams do not come through: the page asks every two seconds.",
  past: "A past moment is shown. Press to go back to now.",
  refused: "The server lets nobody listen without a key that reaches the whole store. Press to try again now.",
};

function press(state: LiveState): void {
  if (state === "offline" || state === "refused") retryNow();
  else if (state === "past") go(`${place.value.path}?${new URLSearchParams({ ...Object.fromEntries(place.value.query), at: "" })}`);
  else setPaused(!isPaused.value);
}

export function LiveBadge(): JSX.Element {
  const state = liveState.value;
  return (
    <button type="button" class={`badge badge-${TONES[state]} shell-live`} data-state={state} title={TITLES[state]} onClick={() => press(state)}>
      <svg viewBox="0 0 10 10" aria-hidden="true" fill={state === "live" ? "currentColor" : "none"} stroke="currentColor" stroke-width="1.6">
        {state === "paused" ? <path d="M3 1.5v7M7 1.5v7" /> : <circle cx="5" cy="5" r="3.6" />}
      </svg>
      {words(state)}
    </button>
  );
}
