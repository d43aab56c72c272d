/**
 * The bar that says that a past moment is shown.
 *
 * Invariants: while it is there nothing on the page is newer than what it says; where nothing can be shown it says why,
 * and leads to what can.
 */
import type { JSX } from "preact";

import { get } from "../api/client";
import { useResource } from "../api/resource";
import type { Page_Experiment } from "../api/types";
import { Button, grouped } from "../parts";
import { change, pinnedAt } from "../state/url";
import { store } from "./store";

export function PinnedBar(): JSX.Element | null {
  const at = pinnedAt.value;
  return at === null ? null : <Bar at={at} />;
}

function Bar(props: { at: string }): JSX.Element {
  const { value, error } = useResource(`moment ${props.at}`, (signal) =>
    get<Page_Experiment>("/experiments", { limit: 1 }, { signal }),
  );
  const lsn = value.value?.lsn;
  // A moment that is gone has no answer, also when there was one for the moment before.
  const isGone = error.value?.code === "HISTORY_FLOOR";
  return (
    <div class="shell-pinned" role="status">
      <span class="name">{isGone ? `Nothing is left to show as of ${props.at}: ${error.value?.message}.` : `As of ${momentText(props.at, lsn)}`}</span>
      {isGone && <Floor />}
      <Button kind="quiet" onClick={() => change({ at: null })}>
        Back to now
      </Button>
    </div>
  );
}

/** Leads to the oldest moment that can be shown. */
function Floor(): JSX.Element | null {
  const floor = store.value?.history_floor;
  if (floor == null) return null;
  return (
    <Button kind="quiet" onClick={() => change({ at: String(floor) })}>
      Show the oldest, {grouped(floor)}
    </Button>
  );
}

/** The moment that is shown, with what it is called in the address where that is something else. */
function momentText(at: string, lsn: number | undefined): string {
  if (lsn === undefined) return at;
  if (String(lsn) === at) return `lsn ${at}`;
  return /^\d+$/.test(at) && Number(at) > lsn ? `lsn ${lsn}, the end of the log: there is no record ${at}` : `lsn ${lsn} (${at})`;
}
