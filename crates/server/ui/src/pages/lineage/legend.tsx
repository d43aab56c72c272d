/**
 * Under the picture: what the signs mean, how much there is, and the groups as buttons.
 *
 * Invariant: whatever a double click on the picture does can be done here, too.
 */
import type { JSX } from "preact";

import { Button } from "../../parts";
import { countKinds, KIND_NAMES, type Graph } from "./graph";
import type { Shown } from "./collapse";

export function Legend(props: {
  shown: Shown;
  graph: Graph;
  /** How many nodes a search found; null when nothing is searched for. */
  found: number | null;
  opened: number;
  chosen: number | null;
  onShut: () => void;
  onOpen: (node: number) => void;
}): JSX.Element {
  const { shown, graph, chosen } = props;
  const node = chosen === null ? undefined : shown.nodes[chosen];
  return (
    <div class="lineage-legend row small">
      {countKinds(graph.things).map(([kind, count]) => (
        <span key={kind} class="lineage-sign" data-kind={kind}>
          <span class="lineage-letter" aria-hidden="true">
            {KIND_NAMES[kind].letter}
          </span>
          {count} {count === 1 ? KIND_NAMES[kind].one : KIND_NAMES[kind].many}
        </span>
      ))}
      <span class="soft">
        {shown.nodes.length < graph.things.length && `drawn as ${shown.nodes.length} nodes; `}
        {props.found !== null && (props.found === 0 ? "nothing found; " : `found in ${props.found}; `)}
        double click or Enter opens
      </span>
      {node?.group != null && chosen !== null && <Button onClick={() => props.onOpen(chosen)}>Open {node.label}</Button>}
      {props.opened > 0 && (
        <Button kind="quiet" onClick={props.onShut}>
          Put together again
        </Button>
      )}
    </div>
  );
}
