/**
 * A list in which nothing moves while somebody points at it.
 *
 * Invariant: what is new is told of above the list and shown when it is asked for.
 */
import type { ComponentChildren, JSX } from "preact";
import { useRef, useState } from "preact/hooks";

import "./held.css";
import type { Event } from "../../api/types";
import { useTicks } from "../../live/live";
import { Button } from "../../parts";

interface Holding {
  /** Whether something new waits. */
  readonly isWaiting: boolean;
  readonly onShow: () => void;
  /** Told when somebody begins and ends to point at it. */
  readonly onHold: (isHeld: boolean) => void;
  /** Told when something in it gets the focus. */
  readonly onFocusIn?: (event: FocusEvent) => void;
}

export function HeldList(props: Holding & { readonly children: ComponentChildren }): JSX.Element {
  return (
    <div class="held" onFocusIn={props.onFocusIn} onPointerEnter={() => props.onHold(true)} onPointerLeave={() => props.onHold(false)}>
      {props.isWaiting && (
        <span class="held-new">
          <Button onClick={props.onShow}>Something new: show it in order</Button>
        </span>
      )}
      {props.children}
    </div>
  );
}

/** Loads a list anew when something happened that it tells of; while somebody points at it, when they ask for it. */
export function useHeld(reload: () => void, tells: (event: Event) => boolean): Holding {
  const isHeld = useRef(false);
  const [isWaiting, setWaiting] = useState(false);
  useTicks({}, (tick) => {
    if (!tick.events.some(tells)) return;
    setWaiting(isHeld.current);
    if (!isHeld.current) reload();
  });
  return {
    isWaiting,
    onShow: () => {
      setWaiting(false);
      reload();
    },
    onHold: (isNow) => (isHeld.current = isNow),
  };
}
