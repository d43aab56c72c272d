/**
 * The picture of the graph: moved, zoomed and walked through by mouse, touch and keyboard.
 *
 * Invariants: drawing waits for the next frame and happens once for it; the picture stays where it is when it changes,
 * but for the first one, which is shown whole; whoever cannot see it is told what is chosen, and finds all of it in the
 * list.
 */
import type { JSX } from "preact";
import { useEffect, useMemo, useRef, useState } from "preact/hooks";

import { IconButton } from "../../parts";
import { preferences } from "../../state/preferences";
import { walk, type Arrow } from "./walk";
import { KIND_NAMES } from "./graph";
import { inksOf, nodeAt, paint, type Picture } from "./paint";
import { usePointers } from "./pointers";
import { centred, fitted, moved, revealing, zoomed, type Size, type View } from "./view";

export interface CanvasProps {
  readonly picture: Omit<Picture, "hovered">;
  /** Changes when another thing was asked about: then all of the picture is shown. */
  readonly about: string;
  onChoose(node: number): void;
  /** A group is opened; the page of a thing is gone to. */
  onOpen(node: number): void;
}

/** The picture as it is held between drawings. */
interface Held {
  view: View;
  size: Size;
  frame: number;
  fittedFor: string | null;
}

export function GraphCanvas(props: CanvasProps): JSX.Element {
  const canvas = useRef<HTMLCanvasElement>(null);
  const held = useRef<Held>({ view: { x: 0, y: 0, scale: 1 }, size: { width: 0, height: 0 }, frame: 0, fittedFor: null });
  const [hovered, setHovered] = useState<number | null>(null);
  const picture = useMemo(() => ({ ...props.picture, hovered }), [props.picture, hovered]);
  const draw = useDrawing(canvas, held, picture, props.about);
  const look = (view: View): void => {
    held.current.view = view;
    draw();
  };
  useReveal(props.picture, held, look);
  const pointers = usePointers({
    view: () => held.current.view,
    look,
    at: (x, y) => nodeAt(props.picture, held.current.view, x, y),
    hover: setHovered,
    choose: (node) => node !== null && props.onChoose(node),
    open: props.onOpen,
  });
  useWheel(canvas, (event) => look(wheeled(held.current.view, event)));
  const middle = (): [number, number] => [held.current.size.width / 2, held.current.size.height / 2];
  const fit = (): void => look(fitted(props.picture.placed, held.current.size));
  const zoom = (times: number): void => look(zoomed(held.current.view, times, ...middle()));
  const chosen = props.picture.selected;
  return (
    <div class="lineage-picture">
      <canvas
        ref={canvas}
        class="lineage-canvas"
        tabIndex={0}
        role="img"
        aria-label={wordsOf(props.picture)}
        aria-describedby="lineage-keys"
        data-nodes={props.picture.shown.nodes.length}
        onKeyDown={(event) => {
          const done = pressed(event, { zoom, fit, pan: (x, y) => look(moved(held.current.view, x, y)) });
          const arrow = done ? null : arrowOf(event);
          if (arrow !== null) props.onChoose(walk(props.picture, chosen, arrow));
          else if (event.key === "Enter" && chosen !== null) props.onOpen(chosen);
          else if (!done) return;
          event.preventDefault();
        }}
        {...pointers}
      />
      <p id="lineage-keys" class="unseen">
        Arrows go along the edges, Enter opens, plus and minus zoom, 0 shows all, Shift and arrows move the picture. The list
        has the same things.
      </p>
      <div class="lineage-zoom row">
        <IconButton icon="plus" label="Larger (+)" onClick={() => zoom(1.4)} />
        <button type="button" class="button button-icon" aria-label="Smaller (-)" title="Smaller (-)" onClick={() => zoom(1 / 1.4)}>
          −
        </button>
        <button type="button" class="button button-quiet" title="Show all (0)" onClick={fit}>
          Fit
        </button>
      </div>
    </div>
  );
}

function useDrawing(
  canvas: { readonly current: HTMLCanvasElement | null },
  held: { readonly current: Held },
  picture: Picture,
  about: string,
): () => void {
  const newest = useRef(picture);
  newest.current = picture;
  const draw = (): void => {
    const state = held.current;
    if (state.frame !== 0) return;
    state.frame = requestAnimationFrame(() => {
      state.frame = 0;
      const element = canvas.current;
      const context = element?.getContext("2d") ?? null;
      if (element === null || context === null) return;
      element.dataset["drawn"] = String(paint(context, newest.current, state.view, state.size, inksOf(element)));
    });
  };
  useEffect(() => {
    const element = canvas.current;
    if (element === null) return undefined;
    const measure = (): void => {
      const size = { width: element.clientWidth, height: element.clientHeight };
      const ratio = Math.min(3, devicePixelRatio);
      held.current.size = size;
      element.width = Math.max(1, Math.round(size.width * ratio));
      element.height = Math.max(1, Math.round(size.height * ratio));
      draw();
    };
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    return () => {
      observer.disconnect();
      cancelAnimationFrame(held.current.frame);
      held.current.frame = 0;
    };
  }, []);
  const theme = preferences.theme.value;
  useEffect(() => {
    const { placed } = picture;
    if (held.current.fittedFor !== about && placed.x.length > 0) {
      held.current.fittedFor = about;
      held.current.view = first(picture, held.current.size);
    }
    draw();
  }, [picture, about, theme]);
  return draw;
}

/** What is shown first: all of it, or the neighbourhood of what was asked about where all of it could not be read. */
function first(picture: Picture, screen: Size): View {
  const whole = fitted(picture.placed, screen);
  const at = picture.selected;
  if (whole.scale >= 0.42 || at === null || picture.shown.nodes.length > 400) return whole;
  const near = { ...whole, scale: 0.7 };
  return centred(near, { x: picture.placed.x[at] ?? 0, y: picture.placed.y[at] ?? 0 }, screen);
}

/** Keeps what is chosen in sight. */
function useReveal(picture: CanvasProps["picture"], held: { readonly current: Held }, look: (view: View) => void): void {
  const { selected, placed } = picture;
  useEffect(() => {
    if (selected === null || held.current.fittedFor === null) return;
    const place = { x: placed.x[selected] ?? 0, y: placed.y[selected] ?? 0 };
    look(revealing(held.current.view, place, held.current.size));
  }, [selected]);
}

/** A wheel turns the page where it can; a listener that may hold it back has to say so. */
function useWheel(canvas: { readonly current: HTMLCanvasElement | null }, turn: (event: WheelEvent) => void): void {
  const newest = useRef(turn);
  newest.current = turn;
  useEffect(() => {
    const element = canvas.current;
    const listener = (event: WheelEvent): void => {
      event.preventDefault();
      newest.current(event);
    };
    element?.addEventListener("wheel", listener, { passive: false });
    return () => element?.removeEventListener("wheel", listener);
  }, []);
}

function wheeled(view: View, event: WheelEvent): View {
  if (event.shiftKey) return moved(view, -event.deltaY, 0);
  return zoomed(view, Math.exp(-event.deltaY * (event.ctrlKey ? 0.01 : 0.0015)), event.offsetX, event.offsetY);
}

interface Doing {
  zoom(times: number): void;
  fit(): void;
  pan(x: number, y: number): void;
}

function pressed(event: KeyboardEvent, doing: Doing): boolean {
  if (event.ctrlKey || event.metaKey || event.altKey) return false;
  if (event.key === "+" || event.key === "=") doing.zoom(1.4);
  else if (event.key === "-") doing.zoom(1 / 1.4);
  else if (event.key === "0" || event.key === "z") doing.fit();
  else if (event.shiftKey && event.key === "ArrowLeft") doing.pan(80, 0);
  else if (event.shiftKey && event.key === "ArrowRight") doing.pan(-80, 0);
  else if (event.shiftKey && event.key === "ArrowUp") doing.pan(0, 80);
  else if (event.shiftKey && event.key === "ArrowDown") doing.pan(0, -80);
  else return false;
  return true;
}

const ARROWS: Record<string, Arrow> = { ArrowLeft: "left", ArrowRight: "right", ArrowUp: "up", ArrowDown: "down" };

function arrowOf(event: KeyboardEvent): Arrow | null {
  return event.ctrlKey || event.metaKey || event.altKey ? null : (ARROWS[event.key] ?? null);
}

function wordsOf(picture: CanvasProps["picture"]): string {
  const chosen = picture.selected === null ? undefined : picture.shown.nodes[picture.selected];
  const all = `Graph of ${picture.graph.things.length} things in ${picture.shown.nodes.length} nodes`;
  return chosen === undefined ? all : `${all}; chosen: ${KIND_NAMES[chosen.kind].one} ${chosen.label}`;
}
