/**
 * Fingers and mice on the picture.
 *
 * Invariants: one pointer moves it, two zoom it around the middle between them; a press that does not move chooses, and
 * twice opens.
 */
import { useRef } from "preact/hooks";

import { moved, zoomed, type View } from "./view";

interface Hands {
  view(): View;
  look(view: View): void;
  at(x: number, y: number): number | null;
  hover(node: number | null): void;
  choose(node: number | null): void;
  open(node: number): void;
}

interface Point {
  readonly x: number;
  readonly y: number;
}

/** A press that moves less than this, in px, is no pull. */
const STILL = 4;

export interface PointerHandlers {
  onPointerDown(event: PointerEvent): void;
  onPointerMove(event: PointerEvent): void;
  onPointerUp(event: PointerEvent): void;
  onPointerCancel(event: PointerEvent): void;
  onPointerLeave(): void;
  onDblClick(event: MouseEvent): void;
}

/** What a canvas does when it is touched. */
export function usePointers(hands: Hands): PointerHandlers {
  const points = useRef(new Map<number, Point>());
  const pulled = useRef(0);
  const release = (event: PointerEvent): void => {
    points.current.delete(event.pointerId);
  };
  return {
    onPointerDown(event) {
      if (event.button !== 0) return;
      (event.currentTarget as Element).setPointerCapture(event.pointerId);
      points.current.set(event.pointerId, spot(event));
      if (points.current.size === 1) pulled.current = 0;
    },
    onPointerMove(event) {
      const before = points.current.get(event.pointerId);
      const now = spot(event);
      if (before === undefined) return hands.hover(hands.at(now.x, now.y));
      const others = [...points.current].filter(([id]) => id !== event.pointerId);
      points.current.set(event.pointerId, now);
      pulled.current += Math.hypot(now.x - before.x, now.y - before.y);
      const other = others[0]?.[1];
      if (other !== undefined) hands.look(pinched(hands.view(), before, now, other));
      else if (pulled.current > STILL) hands.look(moved(hands.view(), now.x - before.x, now.y - before.y));
    },
    onPointerUp(event) {
      const isPress = points.current.size === 1 && pulled.current <= STILL && points.current.has(event.pointerId);
      release(event);
      const { x, y } = spot(event);
      if (isPress) hands.choose(hands.at(x, y));
    },
    onPointerCancel: release,
    onPointerLeave: () => hands.hover(null),
    onDblClick(event) {
      const node = hands.at(event.offsetX, event.offsetY);
      if (node !== null) hands.open(node);
    },
  };
}

function spot(event: PointerEvent): Point {
  const box = (event.currentTarget as Element).getBoundingClientRect();
  return { x: event.clientX - box.left, y: event.clientY - box.top };
}

function pinched(view: View, before: Point, now: Point, other: Point): View {
  const length = (point: Point): number => Math.max(1, Math.hypot(point.x - other.x, point.y - other.y));
  const middle = { x: (now.x + other.x) / 2, y: (now.y + other.y) / 2 };
  const slid = moved(view, (now.x - before.x) / 2, (now.y - before.y) / 2);
  return zoomed(slid, length(now) / length(before), middle.x, middle.y);
}
