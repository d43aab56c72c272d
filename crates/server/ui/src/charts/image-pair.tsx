/**
 * Two images in one place: one after the other, or what is different between them.
 *
 * Invariants: it says which of the two is seen; who wants no motion changes between them by hand, and nothing moves by
 * itself; both are loaded before, so that changing is instant.
 */
import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect, useMemo, useState } from "preact/hooks";

import { Loaded } from "./loaded";

export interface PairedImage {
  readonly artifact: string;
  /** Whose it is, and of which step. */
  readonly title: string;
}

const BLINK_MS = 700;

export function ImageDifference(props: { name: string; pair: readonly [PairedImage, PairedImage] }): JSX.Element {
  const [first, second] = props.pair;
  return (
    <div>
      <div class="small soft cut" dir="auto">
        {first.title} − {second.title}: equal is black
      </div>
      <div class="chart-media-pair chart-media-difference">
        <Loaded key={first.artifact} id={first.artifact} kind="image" label={`${props.name}, ${first.title}`} />
        <Loaded key={second.artifact} id={second.artifact} kind="image" label={`${props.name}, ${second.title}`} />
      </div>
    </div>
  );
}

/** Which of two images is seen, for all pairs of a page at once. */
export interface Blink {
  readonly at: 0 | 1;
  /** It changes by itself. */
  readonly isMoving: boolean;
  /** Nothing is to move by itself. */
  readonly isStill: boolean;
  /** Shows the other, and stays there. */
  change(): void;
  /** Goes on by itself, or stops. */
  toggle(): void;
}

export function useBlink(isOn: boolean): Blink {
  const at = useSignal<0 | 1>(0);
  const isStill = useStill();
  const isPaused = useSignal(false);
  const isMoving = isOn && !isStill && !isPaused.value;
  useEffect(() => {
    if (!isMoving) return undefined;
    const timer = setInterval(() => (at.value = at.peek() === 0 ? 1 : 0), BLINK_MS);
    return () => clearInterval(timer);
  }, [isMoving]);
  const change = () => {
    isPaused.value = true;
    at.value = at.peek() === 0 ? 1 : 0;
  };
  return { at: at.value, isMoving, isStill, change, toggle: () => (isPaused.value = !isPaused.peek()) };
}

export function ImageBlink(props: { name: string; pair: readonly [PairedImage, PairedImage]; at: 0 | 1 }): JSX.Element {
  const { name, pair, at } = props;
  return (
    <div>
      <div class="small soft cut" dir="auto">
        {pair[at].title}
      </div>
      <div class="chart-media-pair" data-shown={at}>
        {pair.map(({ artifact, title }, index) => (
          <div key={`${index} ${artifact}`} class={index === at ? "" : "chart-media-behind"}>
            <Loaded id={artifact} kind="image" label={`${name}, ${title}`} />
          </div>
        ))}
      </div>
    </div>
  );
}

/** Whether nothing is to move by itself. */
function useStill(): boolean {
  const query = useMemo(() => matchMedia("(prefers-reduced-motion: reduce)"), []);
  const [isStill, set] = useState(query.matches);
  useEffect(() => {
    const follow = (): void => set(query.matches);
    query.addEventListener("change", follow);
    return () => query.removeEventListener("change", follow);
  }, [query]);
  return isStill;
}
