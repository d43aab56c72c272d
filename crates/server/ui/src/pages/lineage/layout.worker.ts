/**
 * Places graphs beside the page.
 *
 * Invariant: every question is answered: where dagre fails, layers of our own are the answer.
 */
import { Graph, layout as dagre } from "@dagrejs/dagre";

import { layers, type Layout, type Placed } from "./layers";
import { engineFor, type LayoutAnswer, type LayoutAsk } from "./layout";

function byDagre(asked: Layout): Placed {
  const graph = new Graph();
  graph.setGraph({ rankdir: "LR", nodesep: 14, ranksep: 88, marginx: 0, marginy: 0 });
  graph.setDefaultEdgeLabel(() => ({}));
  asked.sizes.forEach(({ width, height }, node) => graph.setNode(String(node), { width, height }));
  for (let at = 0; at + 1 < asked.edges.length; at += 2) {
    graph.setEdge(String(asked.edges[at]), String(asked.edges[at + 1]));
  }
  dagre(graph);
  const x = new Float64Array(asked.sizes.length);
  const y = new Float64Array(asked.sizes.length);
  let [width, height] = [0, 0];
  asked.sizes.forEach((size, node) => {
    const found = graph.node(String(node)) as { x?: number; y?: number };
    x[node] = found.x ?? 0;
    y[node] = found.y ?? 0;
    width = Math.max(width, (x[node] ?? 0) + size.width / 2);
    height = Math.max(height, (y[node] ?? 0) + size.height / 2);
  });
  return { x, y, width, height };
}

function answer({ number, layout }: LayoutAsk): LayoutAnswer {
  if (engineFor(layout) === "dagre") {
    try {
      return { number, placed: byDagre(layout), engine: "dagre" };
    } catch {
      // What it cannot place, layers can.
    }
  }
  return { number, placed: layers(layout), engine: "layers" };
}

self.onmessage = (event: MessageEvent<LayoutAsk>) => {
  const answered = answer(event.data);
  const { x, y } = answered.placed;
  self.postMessage(answered, { transfer: [x.buffer, y.buffer] as Transferable[] });
};
