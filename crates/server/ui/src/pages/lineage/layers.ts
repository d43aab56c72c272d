/**
 * A picture of a graph from left to right: quick for thousands of nodes, and good enough to find one's way.
 *
 * Invariants: an edge leads to the right unless it closes a cycle; nodes of one column do not overlap; the same graph
 * gives the same picture.
 */

/** What has to be placed. Edges are places in `sizes`, two by two: from, to, from, to. */
export interface Layout {
  readonly sizes: readonly { readonly width: number; readonly height: number }[];
  readonly edges: readonly number[];
}

/** Where everything is: the middle of each node. */
export interface Placed {
  readonly x: Float64Array;
  readonly y: Float64Array;
  readonly width: number;
  readonly height: number;
}

const GAP_X = 88;
const GAP_Y = 14;
/** How often columns are sorted by where their neighbours are. */
const SWEEPS = 6;
/** A column of more nodes is folded into several beside each other. */
const COLUMN_MAX = 60;

/** Places nodes in columns by how far they are from a source. */
export function layers(layout: Layout): Placed {
  const count = layout.sizes.length;
  const links = linksOf(layout, count);
  const rank = ranks(links, count);
  const columns = columnsOf(rank);
  sortColumns(columns, links, count);
  return place(folded(columns, layout), layout);
}

interface Links {
  readonly out: readonly number[][];
  readonly into: readonly number[][];
}

function linksOf(layout: Layout, count: number): Links {
  const out: number[][] = Array.from({ length: count }, () => []);
  const into: number[][] = Array.from({ length: count }, () => []);
  const isBack = backEdges(layout, count);
  for (let at = 0; at + 1 < layout.edges.length; at += 2) {
    const [from, to] = [layout.edges[at] ?? 0, layout.edges[at + 1] ?? 0];
    const [begin, end] = isBack[at / 2] === 1 ? [to, from] : [from, to];
    if (begin === end) continue;
    out[begin]?.push(end);
    into[end]?.push(begin);
  }
  return { out, into };
}

/** Which edges close a cycle: those that lead back to what is being walked. Walked without recursion, for long chains. */
function backEdges(layout: Layout, count: number): Uint8Array {
  const edges: number[][] = Array.from({ length: count }, () => []);
  for (let at = 0; at + 1 < layout.edges.length; at += 2) edges[layout.edges[at] ?? 0]?.push(at / 2);
  const isBack = new Uint8Array(layout.edges.length / 2);
  const state = new Uint8Array(count);
  const next = new Uint32Array(count);
  for (let root = 0; root < count; root += 1) {
    if (state[root] !== 0) continue;
    const stack = [root];
    state[root] = 1;
    while (stack.length > 0) {
      const node = stack[stack.length - 1] ?? 0;
      const edge = edges[node]?.[next[node] ?? 0];
      next[node] = (next[node] ?? 0) + 1;
      if (edge === undefined) {
        state[node] = 2;
        stack.pop();
        continue;
      }
      const to = layout.edges[2 * edge + 1] ?? 0;
      if (state[to] === 1) isBack[edge] = 1;
      else if (state[to] === 0) {
        state[to] = 1;
        stack.push(to);
      }
    }
  }
  return isBack;
}

/** The longest way from a source; then sources are moved right beside what they lead to. */
function ranks(links: Links, count: number): Int32Array {
  const rank = new Int32Array(count);
  const waiting = Int32Array.from({ length: count }, (_, node) => links.into[node]?.length ?? 0);
  const order: number[] = [];
  for (let node = 0; node < count; node += 1) if (waiting[node] === 0) order.push(node);
  for (let at = 0; at < order.length; at += 1) {
    const node = order[at] ?? 0;
    for (const to of links.out[node] ?? []) {
      rank[to] = Math.max(rank[to] ?? 0, (rank[node] ?? 0) + 1);
      waiting[to] = (waiting[to] ?? 0) - 1;
      if (waiting[to] === 0) order.push(to);
    }
  }
  for (const node of order) {
    const out = links.out[node] ?? [];
    if ((links.into[node]?.length ?? 0) > 0 || out.length === 0) continue;
    rank[node] = Math.min(...out.slice(0, 1_000).map((to) => rank[to] ?? 0)) - 1;
  }
  return rank;
}

function columnsOf(rank: Int32Array): number[][] {
  const lowest = rank.reduce((low, each) => Math.min(low, each), 0);
  const columns: number[][] = [];
  rank.forEach((each, node) => {
    while (columns.length <= each - lowest) columns.push([]);
    columns[each - lowest]?.push(node);
  });
  return columns.filter((column) => column.length > 0);
}

/** Sorts each column by the middle of the neighbours in the column before it, then behind it, and so on. */
function sortColumns(columns: number[][], links: Links, count: number): void {
  const at = new Float64Array(count);
  const note = (column: number[]): void => {
    // Relative places, so that a short column is not drawn to the top of a long one.
    column.forEach((node, index) => (at[node] = (index + 0.5) / column.length));
  };
  columns.forEach(note);
  const middle = new Float64Array(count);
  for (let sweep = 0; sweep < SWEEPS; sweep += 1) {
    const isForth = sweep % 2 === 0;
    const neighbours = isForth ? links.into : links.out;
    for (let step = 0; step < columns.length; step += 1) {
      const column = columns[isForth ? step : columns.length - 1 - step] ?? [];
      for (const node of column) {
        const near = neighbours[node] ?? [];
        let sum = 0;
        for (const other of near) sum += at[other] ?? 0;
        middle[node] = near.length === 0 ? (at[node] ?? 0) : sum / near.length;
      }
      column.sort((a, b) => (middle[a] ?? 0) - (middle[b] ?? 0) || a - b);
      note(column);
    }
  }
}

/** Columns that a screen can hold: what is longer stands in several, side by side. */
function folded(columns: readonly number[][], layout: Layout): number[][][] {
  const isLong = columns.some((column) => column.length > COLUMN_MAX);
  if (!isLong) return columns.map((column) => [column]);
  // About as high as wide together.
  const longest = Math.max(...columns.map((column) => column.length));
  const { width, height } = layout.sizes[0] ?? { width: 160, height: 32 };
  const high = Math.max(COLUMN_MAX, Math.ceil(Math.sqrt((longest * (width + GAP_Y)) / (height + GAP_Y))));
  return columns.map((column) => {
    const parts: number[][] = [];
    for (let at = 0; at < column.length; at += high) parts.push(column.slice(at, at + high));
    return parts;
  });
}

function place(columns: readonly (readonly number[][])[], layout: Layout): Placed {
  const x = new Float64Array(layout.sizes.length);
  const y = new Float64Array(layout.sizes.length);
  let left = 0;
  let height = 0;
  for (const parts of columns) {
    for (const part of parts) {
      const wide = Math.max(...part.map((node) => layout.sizes[node]?.width ?? 0));
      let top = 0;
      for (const node of part) {
        const high = layout.sizes[node]?.height ?? 0;
        x[node] = left + wide / 2;
        y[node] = top + high / 2;
        top += high + GAP_Y;
      }
      height = Math.max(height, top - GAP_Y);
      left += wide + GAP_Y;
    }
    left += GAP_X - GAP_Y;
  }
  // Short columns stand in the middle.
  for (const parts of columns) {
    const last = (part: readonly number[]): number => part[part.length - 1] ?? 0;
    const high = Math.max(...parts.map((part) => (y[last(part)] ?? 0) + (layout.sizes[last(part)]?.height ?? 0) / 2));
    for (const node of parts.flat()) y[node] = (y[node] ?? 0) + (height - high) / 2;
  }
  return { x, y, width: Math.max(0, left - GAP_X), height };
}
