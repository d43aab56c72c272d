/**
 * The graph in one of its three forms, with what is known of the thing that is chosen beside it.
 *
 * Invariants: what is chosen stays chosen in every form; what hangs together with it is lit, the rest fades; the first
 * thing is chosen when nothing else is.
 */
import type { JSX } from "preact";
import { useEffect, useMemo, useRef, useState } from "preact/hooks";

import { Skeleton } from "../../parts";
import { change, go, href } from "../../state/url";
import { GraphCanvas } from "./canvas";
import { collapse, type Shown } from "./collapse";
import { KIND_NAMES, pageOf, reach, type Graph, type Thing } from "./graph";
import { Impact } from "./impact";
import { Placer, type Engine } from "./layout";
import type { Placed } from "./layers";
import { Legend } from "./legend";
import { List } from "./list";
import { NODE_HEIGHT, NODE_WIDTH } from "./paint";
import * as state from "./state";
import { Timeline } from "./timeline";

export function Explorer(props: { graph: Graph; about: string }): JSX.Element {
  const { graph } = props;
  const wanted = state.chosen.signal.value;
  const chosen = useMemo(() => Math.max(0, graph.things.findIndex(({ reference }) => reference === wanted)), [graph, wanted]);
  const thing = graph.things[chosen];
  const choose = (reference: string): void => {
    const place = graph.things.findIndex((other) => other.reference === reference);
    if (place >= 0) state.chosen.set(place === 0 ? "" : reference, { replace: true });
    else go(href("/lineage", { node: reference }));
  };
  const ask = (reference: string): void => go(href("/lineage", { node: reference }));
  const open = (of: Thing): void => {
    const page = pageOf(of);
    if (page !== null) go(href(page));
    else ask(of.reference);
  };
  const find = state.search.signal.value;
  const look = state.look.signal.value;
  return (
    <div class="lineage-explorer">
      <div class="lineage-main">
        {look === "graph" && <Drawn graph={graph} about={props.about} chosen={chosen} onChoose={choose} onOpen={open} />}
        {look === "list" && <List graph={graph} find={find} chosen={chosen} onChoose={choose} onOpen={open} />}
        {look === "timeline" && <Timeline graph={graph} chosen={chosen} onChoose={choose} />}
      </div>
      <aside class="lineage-aside" aria-label="The chosen thing">
        {thing !== undefined && <Impact thing={thing} onChoose={choose} onAsk={ask} />}
      </aside>
      <p class="unseen" role="status" aria-live="polite">
        {thing !== undefined && `Chosen: ${KIND_NAMES[thing.kind].one} ${thing.name.slice(0, 200)}`}
      </p>
    </div>
  );
}

interface DrawnProps {
  readonly graph: Graph;
  readonly about: string;
  readonly chosen: number;
  readonly onChoose: (reference: string) => void;
  readonly onOpen: (thing: Thing) => void;
}

/** What was placed: the nodes and where they stand, which belong together. */
interface Standing {
  readonly shown: Shown;
  readonly graph: Graph;
  readonly about: string;
  readonly placed: Placed;
  readonly engine: Engine;
}

function Drawn(props: DrawnProps): JSX.Element {
  const { graph } = props;
  const [by, opened] = [state.collapseBy.signal.value, state.opened.signal.value];
  const shown = useMemo(() => collapse(graph, by, new Set(opened), new Set([0])), [graph, by, opened]);
  const standing = useStanding(graph, shown, props.about);
  const find = state.search.signal.value.trim().toLowerCase();
  const picture = useMemo(() => {
    if (standing === null) return null;
    const { nodeOf, nodes } = standing.shown;
    const selected = nodeOf[props.chosen] ?? null;
    return { graph: standing.graph, shown: standing.shown, placed: standing.placed, selected, lit: litOf(standing, selected, props.chosen), found: foundIn(standing.graph, nodes, find) };
  }, [standing, props.chosen, find]);
  if (picture === null || standing === null) return <Skeleton lines={12} />;
  const open = (node: number): void => {
    const { group, members } = picture.shown.nodes[node] ?? { group: null, members: [] };
    const thing = picture.graph.things[members[0] ?? 0];
    if (group !== null) state.opened.set([...opened, group]);
    else if (thing !== undefined) props.onOpen(thing);
  };
  return (
    <>
      <GraphCanvas
        picture={picture}
        about={standing.about}
        onChoose={(node) => {
          const first = picture.graph.things[picture.shown.nodes[node]?.members[0] ?? 0];
          if (first !== undefined) props.onChoose(first.reference);
        }}
        onOpen={open}
      />
      <Legend shown={picture.shown} graph={picture.graph} found={find === "" ? null : picture.found.size} opened={opened.length} onShut={() => change({ open: null })} onOpen={open} chosen={picture.selected} />
    </>
  );
}

/** Nodes that lie before or behind the chosen one; null for the first thing, with which everything hangs together. */
function litOf(standing: Standing, selected: number | null, chosen: number): ReadonlySet<number> | null {
  if (selected === null || chosen === 0) return null;
  const members = standing.shown.nodes[selected]?.members ?? [];
  const both = [...reach(standing.graph, members, "up"), ...reach(standing.graph, members, "down")];
  return new Set(both.map((place) => standing.shown.nodeOf[place] ?? 0));
}

function foundIn(graph: Graph, nodes: Shown["nodes"], find: string): ReadonlySet<number> {
  if (find === "") return new Set();
  const isFound = (place: number): boolean => graph.things[place]?.name.toLowerCase().includes(find) ?? false;
  return new Set(nodes.flatMap(({ members }, node) => (members.some(isFound) ? [node] : [])));
}

function useStanding(graph: Graph, shown: Shown, about: string): Standing | null {
  const [standing, setStanding] = useState<Standing | null>(null);
  const asked = useRef({ graph, shown, about });
  const placer = useMemo(
    () => new Placer((placed, engine) => setStanding({ ...asked.current, placed, engine })),
    [],
  );
  useEffect(() => () => placer.stop(), [placer]);
  useEffect(() => {
    asked.current = { graph, shown, about };
    const sizes = shown.nodes.map(() => ({ width: NODE_WIDTH, height: NODE_HEIGHT }));
    placer.ask({ sizes, edges: shown.edges.flatMap(({ from, to }) => [from, to]) });
  }, [graph, shown, about, placer]);
  return standing;
}
