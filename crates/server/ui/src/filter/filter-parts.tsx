/**
 * What stands around the box that filters: the line under what is wrong, what can be taken, the clauses as chips.
 *
 * Invariant: texts of the store are text nodes, and of many clauses or suggestions a screenful is drawn.
 */
import type { JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";

import type { ErrorPlace } from "../api/types";
import { Chip } from "../parts";
import { clausesOf, without } from "./clauses";
import type { Expected, Suggestion } from "./complete";

/** The same text behind the box, with a line under what is wrong. */
export function Underlined(props: { text: string; wrong: ErrorPlace | null; input: HTMLInputElement | null }): JSX.Element | null {
  const { wrong, text } = props;
  if (wrong === null || wrong.text !== text) return null;
  // The server counts characters, and a text of the browser has two units for some.
  const characters = Array.from(text);
  const end = wrong.start + Math.max(1, wrong.length);
  return (
    <div class="filter-mirror" aria-hidden="true" dir="auto">
      <span style={{ transform: `translateX(${-(props.input?.scrollLeft ?? 0)}px)` }}>
        {characters.slice(0, wrong.start).join("")}
        <u class="filter-odd">{characters.slice(wrong.start, end).join("") || " "}</u>
      </span>
    </div>
  );
}

const KINDS: Record<Expected["kind"], string> = {
  column: "Columns", operator: "Comparisons", value: "Values", joint: "Then",
};

export function Choices(props: {
  id: string;
  found: readonly Suggestion[];
  chosen: number;
  expected: Expected;
  onTake: (suggestion: Suggestion) => void;
}): JSX.Element {
  const list = useRef<HTMLUListElement>(null);
  useEffect(() => {
    list.current?.children[props.chosen]?.scrollIntoView({ block: "nearest" });
  }, [props.chosen]);
  return (
    <ul ref={list} id={`${props.id}-list`} class="filter-list" role="listbox" aria-label={KINDS[props.expected.kind]} hidden={props.found.length === 0}>
      {props.found.map((suggestion, at) => (
        <li
          key={suggestion.text}
          id={`${props.id}-${at}`}
          role="option"
          aria-selected={at === props.chosen}
          class="filter-choice"
          onPointerDown={(event) => {
            event.preventDefault();
            props.onTake(suggestion);
          }}
        >
          <span class="cut" dir="auto">{suggestion.text.slice(0, 200)}</span>
          <span class="faint small">{suggestion.note}</span>
        </li>
      ))}
    </ul>
  );
}

export function Wrong(props: {
  id: string;
  wrong: ErrorPlace | null;
  text: string;
  notes: readonly string[];
  onFix: (text: string) => void;
}): JSX.Element {
  const { wrong, text } = props;
  const note = props.notes[0];
  if (wrong === null) {
    return <p id={props.id} class={note === undefined ? "unseen" : "filter-note small"} dir="auto">{note ?? ""}</p>;
  }
  const fixed = (suggestion: string): string => {
    const characters = Array.from(text);
    return [...characters.slice(0, wrong.start), suggestion, ...characters.slice(wrong.start + wrong.length)].join("");
  };
  return (
    <p id={props.id} class="filter-wrong small" dir="auto">
      {wrong.message.slice(0, 400)}
      {wrong.suggestion != null && wrong.text === text && (
        <button type="button" class="button button-quiet" onClick={() => props.onFix(fixed(wrong.suggestion ?? ""))}>
          Use {wrong.suggestion}
        </button>
      )}
    </p>
  );
}

/** Clauses that are drawn; who has more sees them in the box. */
const CHIPS_MAX = 40;

export function Chips(props: { value: string; onDrop: (text: string) => void }): JSX.Element | null {
  const clauses = clausesOf(props.value);
  if (clauses.length === 0) return null;
  return (
    <div class="filter-chips" role="group" aria-label="Clauses of the filter">
      {clauses.slice(0, CHIPS_MAX).map((clause, at) => (
        <Chip key={`${at} ${clause.text}`} text={clause.text} onRemove={() => props.onDrop(without(props.value, at))} />
      ))}
      {clauses.length > CHIPS_MAX && <span class="faint small">and {(clauses.length - CHIPS_MAX).toLocaleString()} more</span>}
      {clauses.length > 1 && (
        <button type="button" class="button button-quiet" onClick={() => props.onDrop("")}>
          Clear
        </button>
      )}
    </div>
  );
}
