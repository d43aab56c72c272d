/**
 * What was made of what: a thing, everything that it was made of, and everything that is affected when it is bad.
 *
 * Invariant: the picture, the list and the time line show the same answer of the server, about the moment of the page.
 */
import type { JSX } from "preact";
import { useMemo } from "preact/hooks";

import "./lineage.css";
import { get } from "../../api/client";
import { useResource } from "../../api/resource";
import type { Lineage as LineageAnswer } from "../../api/types";
import { Failure, Skeleton } from "../../parts";
import { useActions } from "../../state/actions";
import { go, href } from "../../state/url";
import { shellWord } from "../compare/export";
import { Controls } from "./controls";
import { Explorer } from "./explorer";
import { graphOf } from "./graph";
import { Start } from "./start";
import * as state from "./state";

/** So many things are asked for: as many as can be looked at. */
const THINGS_MAX = 5_000;

export default function Lineage(): JSX.Element {
  return state.node.signal.value === "" ? <Start /> : <Asked node={state.node.signal.value} />;
}

function Asked(props: { node: string }): JSX.Element {
  const [direction, depth] = [state.direction.signal.value, state.depth.signal.value];
  const query = { direction, limit: THINGS_MAX, ...(depth > 0 ? { depth } : {}) };
  const { value, error, isLoading, reload } = useResource(`lineage ${props.node} ${direction} ${depth}`, async (signal) => {
    const answer = await get<LineageAnswer>(`/lineage/${encodeURIComponent(props.node)}`, query, { signal });
    return { answer, about: `${props.node} ${direction} ${depth}` };
  });
  const found = value.value;
  const graph = useMemo(() => (found === undefined ? undefined : graphOf(found.answer)), [found]);
  const cli = (form: string) => (): string => `mltrack lineage ${shellWord(props.node)}${form}`;
  useActions([
    { id: "lineage.other", title: "Lineage: begin with something else", cli: () => "mltrack lineage NODE", run: () => go(href("/lineage", { at: undefined })) },
    { id: "lineage.list", title: "Lineage: as a list", cli: cli(""), run: () => state.look.set("list") },
    { id: "lineage.graph", title: "Lineage: as a graph", cli: cli(" --format dot"), run: () => state.look.set("graph") },
    { id: "lineage.timeline", title: "Lineage: as a time line", run: () => state.look.set("timeline") },
  ]);
  return (
    <div class="page lineage">
      <div class="page-head">
        <h1 class="name" dir="auto">
          {graph?.things[0] === undefined ? "Lineage" : `Lineage of ${graph.things[0].name.slice(0, 200)}`}
        </h1>
        {isLoading.value && graph !== undefined && <span class="small soft">loading…</span>}
      </div>
      {graph !== undefined && <Controls graph={graph} />}
      {error.value && <Failure error={error.value} onRetry={reload} />}
      {found?.answer.is_cut && (
        <p class="lineage-note" role="status">
          There is more: these are the nearest {graph?.things.length} things. Fewer steps or one direction leave out what is
          farther away.
        </p>
      )}
      {graph === undefined && !error.value && <Skeleton lines={12} />}
      {graph !== undefined && <Explorer graph={graph} about={found?.about ?? ""} />}
    </div>
  );
}
