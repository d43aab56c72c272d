/**
 * Two parts side by side with a bar between them that can be moved, and a side that can be closed.
 *
 * Invariant: the bar moves by pointer and by arrow keys alike; `[` closes and opens the side at the start, `]` the one
 * at the end.
 */
import type { ComponentChildren, JSX } from "preact";
import { useRef, useState } from "preact/hooks";

import { useActions } from "../state/actions";

export function Split(props: {
  /** What its parts are called in the address of their width, and by those who hear the page. */
  name: string;
  side: ComponentChildren;
  children: ComponentChildren;
  at?: "start" | "end";
  width?: number;
}): JSX.Element {
  const at = props.at ?? "start";
  const [width, setWidth] = useState(() => storedWidth(props.name) ?? props.width ?? 320);
  const [isOpen, setOpen] = useState(true);
  const box = useRef<HTMLDivElement>(null);
  useActions([
    {
      id: `side.${at}`,
      title: `Open or close: ${props.name}`,
      keys: at === "start" ? "[" : "]",
      run: () => setOpen((open) => !open),
    },
  ]);
  const resize = (next: number): void => {
    const widest = Math.max(200, (box.current?.clientWidth ?? 1_600) - 240);
    const kept = Math.round(Math.min(widest, Math.max(160, next)));
    setWidth(kept);
    storeWidth(props.name, kept);
  };
  if (!isOpen) return <div class="split">{<div class="split-rest">{props.children}</div>}</div>;
  const side = (
    <div class="split-side" style={{ width: `${width}px`, flex: "none" }}>
      {props.side}
    </div>
  );
  const bar = <Bar name={props.name} width={width} sign={at === "start" ? 1 : -1} onResize={resize} />;
  const rest = <div class="split-rest">{props.children}</div>;
  return (
    <div class="split" ref={box}>
      {at === "start" ? [side, bar, rest] : [rest, bar, side]}
    </div>
  );
}

function Bar(props: { name: string; width: number; sign: 1 | -1; onResize: (width: number) => void }): JSX.Element {
  const begun = useRef<{ x: number; width: number } | null>(null);
  return (
    <div
      class="split-bar"
      role="separator"
      tabIndex={0}
      aria-orientation="vertical"
      aria-label={`Width of ${props.name}`}
      aria-valuenow={props.width}
      aria-valuemin={160}
      aria-valuemax={4_000}
      onPointerDown={(event) => {
        event.currentTarget.setPointerCapture(event.pointerId);
        begun.current = { x: event.clientX, width: props.width };
      }}
      onPointerMove={(event) => {
        const from = begun.current;
        if (from !== null) props.onResize(from.width + props.sign * (event.clientX - from.x));
      }}
      onPointerUp={() => (begun.current = null)}
      onKeyDown={(event) => {
        const step = { ArrowLeft: -16, ArrowRight: 16 }[event.key];
        if (step !== undefined) props.onResize(props.width + props.sign * step);
      }}
    />
  );
}

function storedWidth(name: string): number | null {
  try {
    return Number(localStorage.getItem(`mltrack.width.${name}`)) || null;
  } catch {
    return null;
  }
}

function storeWidth(name: string, width: number): void {
  try {
    localStorage.setItem(`mltrack.width.${name}`, String(width));
  } catch {
    // It is forgotten with the page.
  }
}
