/**
 * Walking through the graph by arrows.
 *
 * Invariant: left goes against the data, right along it, up and down to what stands above and below.
 */
import type { Shown } from "./collapse";
import type { Placed } from "./layers";

export type Arrow = "left" | "right" | "up" | "down";

/** The node that an arrow leads to; the same one where it leads nowhere. */
export function walk(picture: { shown: Shown; placed: Placed }, from: number | null, arrow: Arrow): number {
  if (from === null) return 0;
  const { shown, placed } = picture;
  const [x, y] = [placed.x[from] ?? 0, placed.y[from] ?? 0];
  const isAcross = arrow === "left" || arrow === "right";
  const near = isAcross ? linked(shown, from, arrow) : column(shown, placed, from, arrow);
  let best = from;
  let distance = Infinity;
  for (const node of near) {
    const length = Math.abs((placed.y[node] ?? 0) - y) + (isAcross ? 0 : Math.abs((placed.x[node] ?? 0) - x));
    if (length < distance) [best, distance] = [node, length];
  }
  return best;
}

function linked(shown: Shown, from: number, arrow: Arrow): number[] {
  const edges = shown.edges.filter((edge) => (arrow === "right" ? edge.from : edge.to) === from);
  return edges.map((edge) => (arrow === "right" ? edge.to : edge.from));
}

function column(shown: Shown, placed: Placed, from: number, arrow: Arrow): number[] {
  const [x, y] = [placed.x[from] ?? 0, placed.y[from] ?? 0];
  const sign = arrow === "up" ? -1 : 1;
  const nodes = shown.nodes.map((_, node) => node);
  return nodes.filter((node) => Math.abs((placed.x[node] ?? 0) - x) < 60 && sign * ((placed.y[node] ?? 0) - y) > 1);
}
