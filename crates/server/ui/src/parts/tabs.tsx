/**
 * Tabs.
 *
 * Invariants: one tab is in the order of the Tab key, and the arrows move among the others; the chosen one is in sight,
 * and bringing it there moves nothing but the tabs.
 */
import type { ComponentChildren, JSX } from "preact";
import { useId, useLayoutEffect, useRef } from "preact/hooks";

export interface TabItem<Name extends string> {
  readonly name: Name;
  readonly title: ComponentChildren;
}

export function Tabs<Name extends string>(props: {
  label: string;
  tabs: readonly TabItem<Name>[];
  current: Name;
  onChange: (name: Name) => void;
  children: ComponentChildren;
}): JSX.Element {
  const id = useId();
  const list = useRef<HTMLDivElement>(null);
  useRevealed(list, props.current);
  const move = (event: KeyboardEvent): void => {
    const at = props.tabs.findIndex((tab) => tab.name === props.current);
    const count = props.tabs.length;
    const to = { ArrowRight: at + 1, ArrowLeft: at - 1 + count, Home: 0, End: count - 1 }[event.key];
    const tab = to === undefined ? undefined : props.tabs[to % count];
    if (tab === undefined) return;
    event.preventDefault();
    props.onChange(tab.name);
    document.getElementById(`${id}-${tab.name}`)?.focus({ preventScroll: true });
  };
  return (
    <>
      <div ref={list} class="tabs" role="tablist" aria-label={props.label} onKeyDown={move}>
        {props.tabs.map((tab) => (
          <button
            key={tab.name}
            id={`${id}-${tab.name}`}
            type="button"
            role="tab"
            class="tab"
            aria-selected={tab.name === props.current}
            aria-controls={`${id}-panel`}
            tabIndex={tab.name === props.current ? 0 : -1}
            onClick={() => props.onChange(tab.name)}
          >
            {tab.title}
          </button>
        ))}
      </div>
      <div id={`${id}-panel`} role="tabpanel" aria-labelledby={`${id}-${props.current}`}>
        {props.children}
      </div>
    </>
  );
}

/** Scrolls the chosen tab into sight: at once when the tabs appear, and so that it can be followed later. */
function useRevealed(list: { readonly current: HTMLDivElement | null }, current: string): void {
  const isFirst = useRef(true);
  useLayoutEffect(() => {
    const isStill = isFirst.current || matchMedia("(prefers-reduced-motion: reduce)").matches;
    isFirst.current = false;
    const tab = list.current?.querySelector("[aria-selected=true]");
    if (list.current === null || tab == null) return;
    const [box, part] = [list.current.getBoundingClientRect(), tab.getBoundingClientRect()];
    const by = part.left < box.left ? part.left - box.left : Math.max(0, part.right - box.right);
    if (by !== 0) list.current.scrollBy({ left: by, behavior: isStill ? "instant" : "smooth" });
  }, [list, current]);
}
