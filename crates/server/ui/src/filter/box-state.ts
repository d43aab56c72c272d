/**
 * What somebody types into the box that filters, and what its keys do.
 *
 * Invariants: what was typed is never put back to what was asked before; keys do what the list shows when they are
 * pressed, however late suggestions come.
 */
import { effect, type ReadonlySignal } from "@preact/signals";
import type { RefObject } from "preact";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";

import type { ErrorPlace } from "../api/types";
import { useAsking } from "./asking";
import { expectedAt, suggestions, taken, type Expected, type Name, type Suggestion } from "./complete";

export interface FilterBoxProps {
  readonly value: ReadonlySignal<string>;
  /** `isWhole`: it was ended by Enter, by a choice or by leaving the box. */
  onChange(value: string, isWhole: boolean): void;
  readonly names: readonly Name[];
  /** The values that runs have in a column. */
  valuesOf(column: string): readonly string[];
  /** What the server says is wrong with what was asked. */
  readonly wrong: ErrorPlace | null;
  readonly notes: readonly string[];
}

export interface BoxState {
  readonly input: RefObject<HTMLInputElement | null>;
  readonly text: string;
  readonly expected: Expected;
  readonly found: readonly Suggestion[];
  /** The place of the chosen suggestion; below 0 when none is. */
  readonly at: number;
  readonly wrong: ErrorPlace | null;
  setCursor(place: number): void;
  setOpen(isOpen: boolean): void;
  type(text: string, cursor: number): void;
  /** Takes the text for what is meant. */
  end(text: string): void;
  /** Puts another text into the box. */
  replace(text: string): void;
  take(suggestion: Suggestion): void;
  onKey(event: KeyboardEvent): void;
}

export function useBox(props: FilterBoxProps): BoxState {
  const input = useRef<HTMLInputElement>(null);
  const [text, setText] = useState(props.value.peek());
  const [cursor, setCursor] = useState(0);
  // By its text and not by its place: suggestions that come late do not put another one there.
  const [chosen, setChosen] = useState<string | null>(null);
  const [isOpen, setOpen] = useState(false);
  const isOwn = useRef(false);
  const asking = useAsking(props.names, (asked, isWhole) => {
    isOwn.current = true;
    props.onChange(asked, isWhole);
    isOwn.current = false;
  });
  useOthers(props.value, isOwn, (value) => {
    asking.forget();
    setText(value);
  });
  const goal = useRef<number | null>(null);
  // Before the next key is handled, so that it is typed behind what was taken.
  useLayoutEffect(() => {
    if (goal.current !== null) input.current?.setSelectionRange(goal.current, goal.current);
    goal.current = null;
  });
  const expected = expectedAt(text, cursor);
  const found = isOpen ? suggestions(expected, props.names, expected.kind === "value" ? props.valuesOf(expected.column ?? "") : []) : [];
  const change = (next: string, place: number): void => {
    setText(next);
    setCursor(place);
    setChosen(null);
  };
  const type = (next: string, place: number): void => {
    change(next, place);
    asking.type(next);
  };
  const take = (suggestion: Suggestion): void => {
    const next = taken(text, expected, suggestion.text);
    goal.current = next.cursor;
    type(next.filter, next.cursor);
  };
  const replace = (next: string): void => {
    change(next, next.length);
    asking.end(next);
  };
  const wrong = asking.wrong?.text === text ? asking.wrong : toldOf(props.wrong, text, props.value.value);
  const box = { input, text, expected, found, at: found.findIndex((suggestion) => suggestion.text === chosen), wrong };
  const state = { ...box, setCursor, setOpen, type, end: asking.end, replace, take };
  return { ...state, onKey: (event) => onKey(event, state, setChosen) };
}

/** Follows who else changes the filter: who goes back or drops a chip. */
function useOthers(value: ReadonlySignal<string>, isOwn: { readonly current: boolean }, take: (value: string) => void): void {
  const newest = useRef(take);
  newest.current = take;
  useEffect(() => {
    let before = value.peek();
    return effect(() => {
      const now = value.value;
      // At once and not after the next drawing, when more may have been typed already.
      if (now !== before && !isOwn.current) newest.current(now);
      before = now;
    });
  }, [value, isOwn]);
}

/** What the server says of the filter, while it is the one in the box; what it says of an order, at any time. */
function toldOf(wrong: ErrorPlace | null, text: string, value: string): ErrorPlace | null {
  return wrong !== null && (wrong.text === text || wrong.text !== value) ? wrong : null;
}

function onKey(
  event: KeyboardEvent,
  box: Omit<BoxState, "onKey">,
  choose: (text: string | null) => void,
): void {
  if (event.isComposing) return;
  const { found, at } = box;
  if (event.key === "Escape") {
    if (found.length > 0) event.stopPropagation();
    else box.input.current?.blur();
    return box.setOpen(false);
  }
  if ((event.key === "ArrowDown" || event.key === "ArrowUp") && found.length > 0) {
    event.preventDefault();
    const next = event.key === "ArrowDown" ? at + 1 : Math.max(at, 0) - 1 + found.length;
    return choose(found[next % found.length]?.text ?? null);
  }
  const suggestion = found[at] ?? (event.key === "Tab" && box.expected.prefix !== "" ? found[0] : undefined);
  if ((event.key === "Enter" || (event.key === "Tab" && !event.shiftKey)) && suggestion !== undefined) {
    event.preventDefault();
    return box.take(suggestion);
  }
  if (event.key !== "Enter") return;
  box.setOpen(false);
  box.end(box.input.current?.value ?? box.text);
}
