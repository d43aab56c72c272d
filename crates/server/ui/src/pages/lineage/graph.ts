/**
 * The graph of lineage as the page works with it: things, what depends on what, and what lies before and behind a thing.
 *
 * Invariant: a node's place is its place in the answer of the server; edges run in the direction in which data flows.
 */
import type { Lineage } from "../../api/types";

/** What a thing is. */
export const KINDS = [
  "experiment",
  "dataset",
  "dataset_version",
  "transformation",
  "run",
  "model",
  "model_version",
  "artifact",
  "metric",
  "external",
] as const;
export type Kind = (typeof KINDS)[number];

/** How a kind is shown: never by colour alone, so each has a letter and a name of its own. */
export const KIND_NAMES: Record<Kind, { one: string; many: string; letter: string }> = {
  experiment: { one: "experiment", many: "experiments", letter: "E" },
  dataset: { one: "dataset", many: "datasets", letter: "D" },
  dataset_version: { one: "dataset version", many: "dataset versions", letter: "D" },
  transformation: { one: "transformation", many: "transformations", letter: "T" },
  run: { one: "run", many: "runs", letter: "R" },
  model: { one: "model", many: "models", letter: "M" },
  model_version: { one: "model version", many: "model versions", letter: "M" },
  artifact: { one: "artifact", many: "artifacts", letter: "A" },
  metric: { one: "metric", many: "metrics", letter: "m" },
  external: { one: "external thing", many: "external things", letter: "X" },
};

/** A thing of the graph. */
export interface Thing {
  readonly reference: string;
  readonly kind: Kind;
  readonly name: string;
  readonly state: string;
  readonly created: string | null;
  readonly depth: number;
}

/** One thing depends on another, by places. */
export interface Dependence {
  readonly from: number;
  readonly to: number;
  readonly kind: string;
  readonly note: string;
}

/** Things and what depends on what. */
export interface Graph {
  readonly things: readonly Thing[];
  readonly edges: readonly Dependence[];
  /** For each place, the edges that end there. */
  readonly into: readonly (readonly number[])[];
  /** For each place, the edges that begin there. */
  readonly out: readonly (readonly number[])[];
}

/** The graph of an answer. Kinds that this page does not know yet count as external things. */
export function graphOf(answer: Pick<Lineage, "nodes" | "edges">): Graph {
  const things = answer.nodes.map((node): Thing => {
    const kind = KINDS.find((known) => known === node.kind) ?? "external";
    const { name, state, depth } = node;
    return { reference: node.node, kind, name, state, depth, created: node.created ?? null };
  });
  return linked(things, answer.edges);
}

/** A graph of things and edges; edges that lead nowhere are left out. */
export function linked(things: readonly Thing[], edges: readonly Dependence[]): Graph {
  const into: number[][] = things.map(() => []);
  const out: number[][] = things.map(() => []);
  const kept: Dependence[] = [];
  for (const { from, to, kind, note } of edges) {
    const [begins, ends] = [out[from], into[to]];
    if (begins === undefined || ends === undefined) continue;
    begins.push(kept.length);
    ends.push(kept.length);
    kept.push({ from, to, kind, note });
  }
  return { things, edges: kept, into, out };
}

/** Everything that can be reached from some places along the edges, or against them; those places included. */
export function reach(graph: Graph, from: Iterable<number>, way: "up" | "down"): Set<number> {
  const met = new Set(from);
  const waiting = [...met];
  for (let place = waiting.pop(); place !== undefined; place = waiting.pop()) {
    for (const next of neighbours(graph, place, way)) {
      if (met.has(next)) continue;
      met.add(next);
      waiting.push(next);
    }
  }
  return met;
}

/** What is one step away. */
export function neighbours(graph: Graph, place: number, way: "up" | "down"): number[] {
  const edges = (way === "up" ? graph.into : graph.out)[place] ?? [];
  return edges.flatMap((at) => {
    const edge = graph.edges[at];
    return edge === undefined ? [] : [way === "up" ? edge.from : edge.to];
  });
}

/** A shortest path between two places in the direction of the data, or against it; empty when there is none. */
export function pathBetween(graph: Graph, from: number, to: number): number[] {
  return pathAlong(graph, from, to, "down") ?? pathAlong(graph, from, to, "up") ?? [];
}

function pathAlong(graph: Graph, from: number, to: number, way: "up" | "down"): number[] | null {
  const via = new Map<number, number>([[from, -1]]);
  let layer = [from];
  while (layer.length > 0 && !via.has(to)) {
    const next: number[] = [];
    for (const place of layer) {
      for (const neighbour of neighbours(graph, place, way)) {
        if (via.has(neighbour)) continue;
        via.set(neighbour, place);
        next.push(neighbour);
      }
    }
    layer = next;
  }
  if (!via.has(to)) return null;
  const path: number[] = [];
  for (let place = to; place >= 0; place = via.get(place) ?? -1) path.push(place);
  return path.reverse();
}

/** How many things of each kind, in the order of the kinds. */
export function countKinds(things: Iterable<Thing>): [Kind, number][] {
  const counts = new Map<Kind, number>();
  for (const { kind } of things) counts.set(kind, (counts.get(kind) ?? 0) + 1);
  return KINDS.flatMap((kind) => {
    const count = counts.get(kind);
    return count === undefined ? [] : [[kind, count] as [Kind, number]];
  });
}

/** "3 runs, 1 model version". */
export function inWords(counts: readonly (readonly [Kind, number])[]): string {
  const words = counts.map(([kind, count]) => `${count} ${count === 1 ? KIND_NAMES[kind].one : KIND_NAMES[kind].many}`);
  return words.join(", ");
}

/** The page of a thing; null for one that has none. */
export function pageOf(thing: Pick<Thing, "reference" | "kind" | "name">): string | null {
  const name = thing.reference.slice(thing.reference.indexOf(":") + 1);
  const id = encodeURIComponent(name.replace(/@v\d+$/, ""));
  // References name datasets and models by id; their pages take the id too.
  switch (thing.kind) {
    case "run":
      return `/runs/${id}`;
    case "experiment":
      return `/experiments/${id}`;
    case "dataset":
    case "dataset_version":
      return `/datasets/${id}`;
    case "model":
    case "model_version":
      return `/models/${id}`;
    case "artifact":
      return `/artifacts/${id}`;
    default:
      return null;
  }
}
