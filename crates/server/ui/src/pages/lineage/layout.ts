/**
 * Where the drawn nodes stand: asked of a worker, so that the page never waits for it.
 *
 * Invariants: an answer that was overtaken is never shown; a node that stays keeps being shown where it was until the
 * new picture is there.
 */
import { layers, type Layout, type Placed } from "./layers";

/** What the worker is asked. */
export interface LayoutAsk {
  readonly number: number;
  readonly layout: Layout;
}

/** What it answers. */
export interface LayoutAnswer {
  readonly number: number;
  readonly placed: Placed;
  readonly engine: Engine;
}

/** Which engine placed a picture: dagre, which crosses fewer edges, or layers of our own, which are quick. */
export type Engine = "dagre" | "layers";

/** Graphs up to this size are placed by dagre: beyond, it takes seconds. */
export const DAGRE_NODES_MAX = 250;
export const DAGRE_EDGES_MAX = 500;

/** The engine for a graph. */
export function engineFor(layout: Layout): Engine {
  const isSmall = layout.sizes.length <= DAGRE_NODES_MAX && layout.edges.length / 2 <= DAGRE_EDGES_MAX;
  return isSmall && layout.sizes.length > 0 ? "dagre" : "layers";
}

/** Places graphs, one after the other; only the newest one that was asked for is answered. */
export class Placer {
  private worker: Worker | null = null;
  private number = 0;
  private readonly tell: (placed: Placed, engine: Engine) => void;

  constructor(tell: (placed: Placed, engine: Engine) => void) {
    this.tell = tell;
  }

  ask(layout: Layout): void {
    this.number += 1;
    const worker = this.started();
    if (worker === null) this.tell(layers(layout), "layers");
    else worker.postMessage({ number: this.number, layout } satisfies LayoutAsk);
  }

  stop(): void {
    this.worker?.terminate();
    this.worker = null;
    this.number += 1;
  }

  private started(): Worker | null {
    if (this.worker !== null || typeof Worker === "undefined") return this.worker;
    const worker = new Worker(new URL("./layout.worker.ts", import.meta.url), { type: "module" });
    worker.onmessage = (event: MessageEvent<LayoutAnswer>) => {
      if (event.data.number === this.number) this.tell(event.data.placed, event.data.engine);
    };
    this.worker = worker;
    return worker;
  }
}
