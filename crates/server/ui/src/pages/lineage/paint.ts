/**
 * Draws the graph on a canvas: only what is seen, in as much detail as can be read.
 *
 * Invariants: a kind is told by a letter and a name besides its colour; a group looks like a pile; what is selected is
 * told by a thick line, and what hangs together with it stays while the rest fades.
 */
import { KIND_NAMES, type Graph, type Kind } from "./graph";
import type { Shown, ShownNode } from "./collapse";
import type { Placed } from "./layers";
import type { Size, View } from "./view";

export const NODE_WIDTH = 184;
export const NODE_HEIGHT = 36;

/** Text is drawn from this size on. */
const SCALE_TEXT = 0.42;
/** Edges are curves from this size on, and straight lines below. */
const SCALE_CURVES = 0.12;

/** What is drawn. */
export interface Picture {
  readonly graph: Graph;
  readonly shown: Shown;
  readonly placed: Placed;
  readonly selected: number | null;
  readonly hovered: number | null;
  /** Nodes that hang together with the selected one; null when nothing fades. */
  readonly lit: ReadonlySet<number> | null;
  /** Nodes that a search found. */
  readonly found: ReadonlySet<number>;
}

export interface Inks {
  readonly ground: string;
  readonly raised: string;
  readonly ink: string;
  readonly soft: string;
  readonly line: string;
  readonly accent: string;
  readonly warn: string;
  readonly font: string;
  readonly kinds: Record<Kind, string>;
}

/** The colours of the theme, as they are now. */
export function inksOf(element: Element): Inks {
  const style = getComputedStyle(element);
  const read = (name: string): string => style.getPropertyValue(name).trim();
  const kinds = Object.fromEntries(
    Object.keys(KIND_NAMES).map((kind) => [kind, read(`--lineage-${kind.replace("_", "-")}`)]),
  ) as Record<Kind, string>;
  return {
    kinds,
    ground: read("--ground"),
    raised: read("--ground-raised"),
    ink: read("--ink"),
    soft: read("--ink-soft"),
    line: read("--line-strong"),
    accent: read("--accent"),
    warn: read("--warn"),
    font: style.fontFamily,
  };
}

/** Draws everything that is seen, and answers how many nodes that were. */
export function paint(context: CanvasRenderingContext2D, picture: Picture, view: View, screen: Size, inks: Inks): number {
  const ratio = context.canvas.width / Math.max(1, screen.width);
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, screen.width, screen.height);
  context.setTransform(ratio * view.scale, 0, 0, ratio * view.scale, ratio * view.x, ratio * view.y);
  const seen = {
    left: -view.x / view.scale - NODE_WIDTH,
    right: (screen.width - view.x) / view.scale + NODE_WIDTH,
    top: -view.y / view.scale - NODE_HEIGHT,
    bottom: (screen.height - view.y) / view.scale + NODE_HEIGHT,
  };
  paintEdges(context, picture, seen, view.scale, inks);
  let drawn = 0;
  picture.shown.nodes.forEach((node, at) => {
    const [x, y] = [picture.placed.x[at] ?? 0, picture.placed.y[at] ?? 0];
    if (x < seen.left || x > seen.right || y < seen.top || y > seen.bottom) return;
    drawn += 1;
    context.globalAlpha = picture.lit === null || picture.lit.has(at) ? 1 : 0.25;
    paintNode(context, picture, node, { at, x, y, scale: view.scale }, inks);
  });
  context.globalAlpha = 1;
  return drawn;
}

interface Bounds {
  left: number;
  right: number;
  top: number;
  bottom: number;
}

function paintEdges(context: CanvasRenderingContext2D, picture: Picture, seen: Bounds, scale: number, inks: Inks): void {
  const { shown, placed, lit } = picture;
  const isCurved = scale >= SCALE_CURVES;
  for (const isLit of lit === null ? [true] : [false, true]) {
    context.beginPath();
    for (const { from, to } of shown.edges) {
      if (lit !== null && (lit.has(from) && lit.has(to)) !== isLit) continue;
      const [x0, y0] = [(placed.x[from] ?? 0) + NODE_WIDTH / 2, placed.y[from] ?? 0];
      const [x1, y1] = [(placed.x[to] ?? 0) - NODE_WIDTH / 2, placed.y[to] ?? 0];
      if (Math.max(x0, x1) < seen.left || Math.min(x0, x1) > seen.right) continue;
      if (Math.max(y0, y1) < seen.top || Math.min(y0, y1) > seen.bottom) continue;
      context.moveTo(x0, y0);
      const bend = Math.max(24, Math.abs(x1 - x0) / 2);
      if (isCurved) context.bezierCurveTo(x0 + bend, y0, x1 - bend, y1, x1, y1);
      else context.lineTo(x1, y1);
    }
    const isMany = shown.edges.length > 2_000;
    context.globalAlpha = !isLit ? 0.12 : lit === null && isMany ? 0.35 : 0.9;
    context.strokeStyle = lit !== null && isLit ? inks.accent : inks.line;
    context.lineWidth = (lit !== null && isLit ? 2 : 1.25) / Math.max(scale, 0.25);
    context.stroke();
  }
  context.globalAlpha = 1;
  if (scale >= SCALE_TEXT) paintArrows(context, picture, seen, inks);
}

function paintArrows(context: CanvasRenderingContext2D, picture: Picture, seen: Bounds, inks: Inks): void {
  context.beginPath();
  for (const { to } of picture.shown.edges) {
    const [x, y] = [(picture.placed.x[to] ?? 0) - NODE_WIDTH / 2, picture.placed.y[to] ?? 0];
    if (x < seen.left || x > seen.right || y < seen.top || y > seen.bottom) continue;
    context.moveTo(x, y);
    context.lineTo(x - 7, y - 4);
    context.lineTo(x - 7, y + 4);
    context.closePath();
  }
  context.fillStyle = inks.line;
  context.fill();
}

interface Spot {
  readonly at: number;
  readonly x: number;
  readonly y: number;
  readonly scale: number;
}

function paintNode(context: CanvasRenderingContext2D, picture: Picture, node: ShownNode, spot: Spot, inks: Inks): void {
  const [left, top] = [spot.x - NODE_WIDTH / 2, spot.y - NODE_HEIGHT / 2];
  const colour = inks.kinds[node.kind];
  const isDrawnWhole = spot.scale >= SCALE_TEXT;
  if (node.group !== null && isDrawnWhole) pile(context, left, top, inks);
  context.beginPath();
  context.roundRect(left, top, NODE_WIDTH, NODE_HEIGHT, isDrawnWhole ? 6 : 0);
  context.fillStyle = isDrawnWhole ? inks.raised : colour;
  context.fill();
  const isSelected = picture.selected === spot.at;
  const isFound = picture.found.has(spot.at);
  context.lineWidth = isSelected ? 3 : isFound ? 2.5 : 1.25;
  context.strokeStyle = isSelected ? inks.accent : isFound ? inks.warn : picture.hovered === spot.at ? inks.ink : inks.line;
  if (!isDrawnWhole) context.lineWidth /= spot.scale;
  const isAbsent = node.group === null && picture.graph.things[node.members[0] ?? 0]?.state !== "present";
  context.setLineDash(isAbsent ? [5, 4] : []);
  if (isDrawnWhole || isSelected || isFound) context.stroke();
  context.setLineDash([]);
  if (!isDrawnWhole) return;
  context.beginPath();
  context.roundRect(left + 6, top + 7, 22, 22, 5);
  context.fillStyle = colour;
  context.fill();
  context.fillStyle = inks.ground;
  context.font = `650 12px ${inks.font}`;
  context.textAlign = "center";
  context.textBaseline = "middle";
  context.fillText(KIND_NAMES[node.kind].letter, left + 17, top + 18.5);
  context.textAlign = "start";
  context.fillStyle = inks.ink;
  context.font = `${node.group === null ? 500 : 650} 12.5px ${inks.font}`;
  context.fillText(shortened(context, node.label, NODE_WIDTH - 44), left + 36, top + 12.5);
  context.fillStyle = inks.soft;
  context.font = `400 11px ${inks.font}`;
  const state = picture.graph.things[node.members[0] ?? 0]?.state ?? "";
  const kind = KIND_NAMES[node.kind].one;
  const under = node.group !== null ? "alike: open with Enter" : state === "present" ? kind : `${kind}, ${state}`;
  context.fillText(under, left + 36, top + 26.5);
}

function pile(context: CanvasRenderingContext2D, left: number, top: number, inks: Inks): void {
  context.strokeStyle = inks.line;
  context.fillStyle = inks.raised;
  context.lineWidth = 1;
  for (const shift of [6, 3]) {
    context.beginPath();
    context.roundRect(left + shift, top - shift, NODE_WIDTH, NODE_HEIGHT, 6);
    context.fill();
    context.stroke();
  }
}

const cuts = new Map<string, string>();

/** As much of a name as fits, with dots behind it. */
function shortened(context: CanvasRenderingContext2D, name: string, width: number): string {
  const known = cuts.get(name);
  if (known !== undefined) return known;
  if (cuts.size > 20_000) cuts.clear();
  // Characters that turn others around would turn the dots around, too.
  let text = name.slice(0, 60).replace(/[\p{Cc}\u202a-\u202e\u2066-\u2069]/gu, " ");
  const isWhole = text.length === name.length && context.measureText(text).width <= width;
  if (!isWhole) {
    while (text.length > 1 && context.measureText(`${text}…`).width > width) text = text.slice(0, -1);
    text = `${text.trimEnd()}…`;
  }
  cuts.set(name, text);
  return text;
}

/** The node at a point of the screen; null where there is none. */
export function nodeAt(picture: Pick<Picture, "placed" | "shown">, view: View, x: number, y: number): number | null {
  const [at, down] = [(x - view.x) / view.scale, (y - view.y) / view.scale];
  const near = 6 / view.scale;
  const slackX = NODE_WIDTH / 2 + Math.min(near, 20);
  const slackY = NODE_HEIGHT / 2 + Math.min(near, 20);
  let best: number | null = null;
  let distance = Infinity;
  for (let node = 0; node < picture.shown.nodes.length; node += 1) {
    const across = Math.abs((picture.placed.x[node] ?? 0) - at);
    const over = Math.abs((picture.placed.y[node] ?? 0) - down);
    if (across > slackX || over > slackY || across + over >= distance) continue;
    best = node;
    distance = across + over;
  }
  return best;
}
