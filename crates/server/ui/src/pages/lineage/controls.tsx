/**
 * What can be set about the graph: which way, how far, how it is put together, in which form it is taken along.
 *
 * Invariant: every choice is in the address.
 */
import type { JSX } from "preact";

import { copy, IconButton, Menu, Select, TextField } from "../../parts";
import { change, go, href, pinnedAt } from "../../state/url";
import { toCommand, toDot, toMermaid } from "./copy";
import type { Graph } from "./graph";
import * as state from "./state";

const DEPTHS = ["0", "1", "2", "3", "5", "10"] as const;

export function Controls(props: { graph: Graph }): JSX.Element {
  const { graph } = props;
  const depth = String(state.depth.signal.value);
  const [node, direction] = [state.node.signal.value, state.direction.signal.value];
  const command = (): string =>
    toCommand(node, direction, state.depth.signal.value > 0 ? state.depth.signal.value : null, pinnedAt.value);
  return (
    <div class="lineage-controls row" role="group" aria-label="What is shown">
      <Select
        label="Direction"
        value={direction}
        options={[
          ["both", "Both directions"],
          ["up", "What it was made of"],
          ["down", "What was made of it"],
        ]}
        onChange={(value) => state.direction.set(value)}
      />
      <Select
        label="Steps"
        value={depth}
        options={[...new Set([...DEPTHS, depth])].map((steps) => [steps, steps === "0" ? "All" : steps] as const)}
        onChange={(value) => state.depth.set(Number(value))}
      />
      <Select
        label="Put together"
        value={state.collapseBy.signal.value}
        options={[
          ["equal", "What is alike"],
          ["kind", "Each kind"],
          ["none", "Nothing"],
        ]}
        onChange={(value) => change({ group: value === "equal" ? null : value, open: null })}
      />
      <Select
        label="As"
        value={state.look.signal.value}
        options={[
          ["graph", "Graph"],
          ["list", "List"],
          ["timeline", "Time line"],
        ]}
        onChange={(value) => state.look.set(value)}
      />
      <TextField
        label="Find"
        type="search"
        value={state.search.signal.value}
        placeholder="Part of a name"
        onInput={(text) => state.search.set(text, { replace: true })}
      />
      <div class="lineage-more row">
        <Menu
          label="Copy as"
          icon="copy"
          items={[
            { title: "Link", onChoose: () => void copy(location.href, "Link copied") },
            { title: "Mermaid", onChoose: () => void copy(toMermaid(graph), "Mermaid copied") },
            { title: "DOT (Graphviz)", onChoose: () => void copy(toDot(graph), "DOT copied") },
            { title: "Command", onChoose: () => void copy(command(), "Command copied") },
          ]}
        />
        <IconButton icon="search" label="Begin with something else" onClick={() => go(href("/lineage"))} />
      </div>
    </div>
  );
}
