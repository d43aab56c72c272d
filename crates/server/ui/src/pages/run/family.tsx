/**
 * The run that this one is a part of, and those that are parts of it.
 *
 * Invariant: however many children there are, a page of them is asked for at a time.
 */
import type { JSX } from "preact";
import { useState } from "preact/hooks";

import { get } from "../../api/client";
import { useResource } from "../../api/resource";
import type { Run } from "../../api/types";
import { counted, Failure, Name, Panel, RunStateBadge } from "../../parts";
import { href } from "../../state/url";
import { useRun } from "./context";

type Member = Pick<Run, "id" | "name" | "short" | "state" | "silent_s">;
interface Members {
  readonly items: readonly Member[];
  readonly total: number;
}

const FIELDS = "id,name,short,state,silent_s";

export function Family(): JSX.Element | null {
  const { run } = useRun();
  const [limit, setLimit] = useState(10);
  const parent = useResource<Member | null>(`parent ${run.parent}`, (signal) =>
    run.parent ? get<Member>(`/runs/${encodeURIComponent(run.parent)}`, { fields: FIELDS }, { signal }) : Promise.resolve(null),
  );
  const children = useResource<Members>(`children ${run.id} ${limit}`, (signal) =>
    get<Members>("/runs", { parent: run.id, fields: FIELDS, limit, sort: "-created" }, { signal }),
  );
  const known = children.value.value;
  if (!run.parent && known?.total === 0) return null;
  return (
    <Panel title="Family">
      {parent.value.value && (
        <p class="run-member">
          <span class="soft">part of</span> <RunLink run={parent.value.value} />
        </p>
      )}
      {children.error.value && <Failure error={children.error.value} onRetry={children.reload} />}
      {known && known.total > 0 && (
        <>
          <p class="row soft">
            {counted(known.total, "child", "children")}
            <a href={href("/compare", { runs: known.items.map((child) => child.id).join(",") })}>compare {known.items.length === known.total ? "them" : "these"}</a>
          </p>
          <ul>
            {known.items.map((child) => (
              <li key={child.id} class="run-member">
                <RunLink run={child} />
              </li>
            ))}
          </ul>
          {known.total > known.items.length && limit < 1000 && (
            <button type="button" class="run-more" onClick={() => setLimit(Math.min(1000, limit * 10))}>
              {known.total - known.items.length} more
            </button>
          )}
        </>
      )}
    </Panel>
  );
}

/** A run by its state and name. */
export function RunLink(props: { readonly run: Member }): JSX.Element {
  return (
    <>
      <RunStateBadge run={props.run} />{" "}
      <a href={href(`/runs/${encodeURIComponent(props.run.id)}`)} class="run-member-name">
        <Name text={props.run.name} class="cut" />
      </a>
    </>
  );
}
