/**
 * What of a graph is drawn: single things, and groups of things that hang in the graph in the same way.
 *
 * Invariants: every thing is in exactly one drawn node; an edge is drawn between two nodes once, whatever it stands for;
 * a group is named by its key, which the same things have again after a reload.
 */
import { KIND_NAMES, type Graph, type Kind } from "./graph";

/** What is drawn. */
export interface Shown {
  readonly nodes: readonly ShownNode[];
  readonly edges: readonly ShownEdge[];
  /** For each thing, the node that it is drawn in. */
  readonly nodeOf: readonly number[];
}

export interface ShownNode {
  /** The things in it, by places; the first stands for all. */
  readonly members: readonly number[];
  readonly kind: Kind;
  readonly label: string;
  /** What opens and closes it; null for a single thing. */
  readonly group: string | null;
}

export interface ShownEdge {
  readonly from: number;
  readonly to: number;
  /** The kinds of edges that it stands for. */
  readonly kinds: readonly string[];
  /** How many edges it stands for. */
  readonly count: number;
}

/** How things are put together. */
export type Collapse = "equal" | "kind" | "none";

/** Groups of so few things are drawn one by one. */
const GROUP_MIN = 3;

/** Puts things together. `open` holds keys of groups that are drawn one by one, `always` places that are never put away. */
export function collapse(graph: Graph, how: Collapse, open: ReadonlySet<string>, always: ReadonlySet<number>): Shown {
  const classes: readonly (number | string)[] =
    how === "equal" ? classesOf(graph) : graph.things.map(({ kind }) => kind);
  const groups = new Map<number | string, number[]>();
  const alone: number[][] = [];
  graph.things.forEach((_, place) => {
    const known = groups.get(classes[place] ?? 0);
    if (how === "none" || always.has(place)) alone.push([place]);
    else if (known === undefined) groups.set(classes[place] ?? 0, [place]);
    else known.push(place);
  });
  const drawn = [...groups.values()].flatMap((members) => {
    const isGroup = members.length >= GROUP_MIN && !open.has(keyOf(graph, members));
    return isGroup ? [members] : members.map((place) => [place]);
  });
  // In the order of the answer, in which the nearest come first.
  return shownOf(graph, [...alone, ...drawn].sort((a, b) => (a[0] ?? 0) - (b[0] ?? 0)));
}

/** What names a group: its first thing, which is the same after a reload. */
function keyOf(graph: Graph, members: readonly number[]): string {
  return graph.things[members[0] ?? 0]?.reference ?? "";
}

/** The keys of all groups that could be opened. */
export function groupKeys(shown: Shown): string[] {
  return shown.nodes.flatMap(({ group }) => (group === null ? [] : [group]));
}

function shownOf(graph: Graph, drawn: readonly (readonly number[])[]): Shown {
  const nodeOf: number[] = new Array<number>(graph.things.length).fill(0);
  const nodes = drawn.flatMap((members, node): ShownNode[] => {
    for (const place of members) nodeOf[place] = node;
    const thing = graph.things[members[0] ?? 0];
    if (thing === undefined) return [];
    const isGroup = members.length > 1;
    const label = isGroup ? `${members.length} ${KIND_NAMES[thing.kind].many}` : thing.name;
    return [{ members, kind: thing.kind, label, group: isGroup ? keyOf(graph, members) : null }];
  });
  return { nodes, edges: edgesOf(graph, nodeOf), nodeOf };
}

function edgesOf(graph: Graph, nodeOf: readonly number[]): ShownEdge[] {
  const byEnds = new Map<number, { from: number; to: number; kinds: string[]; count: number }>();
  const width = graph.things.length;
  for (const edge of graph.edges) {
    const [from, to] = [nodeOf[edge.from] ?? 0, nodeOf[edge.to] ?? 0];
    if (from === to) continue;
    const ends = from * width + to;
    const known = byEnds.get(ends);
    if (known === undefined) byEnds.set(ends, { from, to, kinds: [edge.kind], count: 1 });
    else {
      known.count += 1;
      if (!known.kinds.includes(edge.kind)) known.kinds.push(edge.kind);
    }
  }
  return [...byEnds.values()];
}

/** Kinds with at most so many things are told apart from the beginning. */
const FEW = 12;
/** How far equal things have to be equal: so many steps around. */
const ROUNDS = 8;

/**
 * A class for each thing, the same for things that hang in the graph alike: of one kind and state, with the same kinds
 * of edges to the same classes. Whatever there is only a few of is a class of its own, so that a hundred runs of one
 * experiment on one version of a dataset are equal, and those of another experiment are others.
 */
export function classesOf(graph: Graph): number[] {
  const counts = new Map<Kind, number>();
  for (const { kind } of graph.things) counts.set(kind, (counts.get(kind) ?? 0) + 1);
  const first = graph.things.map(({ kind, state }, place) =>
    (counts.get(kind) ?? 0) <= FEW ? `#${place}` : `${kind} ${state}`,
  );
  let classes = numbered(first);
  for (let round = 0; round < ROUNDS; round += 1) {
    const next = numbered(graph.things.map((_, place) => `${classes.of[place] ?? 0}|${around(graph, place, classes.of)}`));
    if (next.count === classes.count) break;
    classes = next;
  }
  return classes.of;
}

function around(graph: Graph, place: number, classes: readonly number[]): string {
  const side = (edges: readonly number[], end: "from" | "to"): string => {
    const met = new Set<string>();
    for (const at of edges) {
      const edge = graph.edges[at];
      if (edge !== undefined) met.add(`${edge.kind}:${classes[edge[end]] ?? 0}`);
    }
    return [...met].sort().join(",");
  };
  return `${side(graph.into[place] ?? [], "from")}>${side(graph.out[place] ?? [], "to")}`;
}

/** The same texts as numbers: equal stay equal. */
function numbered(texts: readonly string[]): { of: number[]; count: number } {
  const known = new Map<string, number>();
  const of = texts.map((text) => {
    const number = known.get(text) ?? known.size;
    known.set(text, number);
    return number;
  });
  return { of, count: known.size };
}
