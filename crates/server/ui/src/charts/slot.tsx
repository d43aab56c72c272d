/**
 * A place for a panel among many.
 *
 * Invariant: the panel is there while its place is near the screen, and asks for nothing before.
 */
import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";

export function Slot(props: { children: (isSeen: boolean) => JSX.Element; onPoint?: (isIn: boolean) => void }): JSX.Element {
  const box = useRef<HTMLDivElement>(null);
  const isSeen = useSignal(false);
  useEffect(() => {
    if (box.current === null) return undefined;
    const observer = new IntersectionObserver((entries) => (isSeen.value = entries.some(({ isIntersecting }) => isIntersecting)), { rootMargin: "200px" });
    observer.observe(box.current);
    return () => observer.disconnect();
  }, []);
  const point = (isIn: boolean) => () => props.onPoint?.(isIn);
  return (
    <div ref={box} class="chart-grid-slot" onPointerEnter={point(true)} onPointerLeave={point(false)} onFocusIn={point(true)} onFocusOut={point(false)}>
      {isSeen.value ? props.children(true) : null}
    </div>
  );
}
