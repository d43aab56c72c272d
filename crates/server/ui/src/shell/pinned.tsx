/**
 * The bar that says that a past moment is shown.
 *
 * Invariant: while it is there nothing on the page is newer than what it says.
 */
import type { JSX } from "preact";

import { get } from "../api/client";
import { useResource } from "../api/resource";
import type { Page_Experiment } from "../api/types";
import { Button } from "../parts";
import { change, pinnedAt } from "../state/url";

export function PinnedBar(): JSX.Element | null {
  const at = pinnedAt.value;
  return at === null ? null : <Bar at={at} />;
}

function Bar(props: { at: string }): JSX.Element {
  const { value } = useResource(`moment ${props.at}`, (signal) =>
    get<Page_Experiment>("/experiments", { limit: 1 }, { signal }),
  );
  const lsn = value.value?.lsn;
  return (
    <div class="shell-pinned" role="status">
      <span class="name">
        As of {lsn === undefined ? props.at : `lsn ${lsn}`}
        {String(lsn) !== props.at && lsn !== undefined && ` (${props.at})`}
      </span>
      <Button kind="quiet" onClick={() => change({ at: null })}>
        Back to now
      </Button>
    </div>
  );
}
