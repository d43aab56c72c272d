/**
 * The box that filters: completion after each token, what is wrong underlined, and the clauses as chips.
 *
 * Invariants: rows follow while somebody types, and one step back of the browser takes back one filter, not one letter;
 * a filter that cannot be read leaves the rows as they are.
 */
import type { JSX } from "preact";
import { useId } from "preact/hooks";

import { useBox, type FilterBoxProps } from "./box-state";
import { Chips, Choices, Underlined, Wrong } from "./filter-parts";
import "./filter.css";

export function FilterBox(props: FilterBoxProps): JSX.Element {
  const id = useId();
  const box = useBox(props);
  const { text, found, at, wrong } = box;
  return (
    <div class="filter">
      <div class="filter-line">
        <Underlined text={text} wrong={wrong} input={box.input.current} />
        <input
          ref={box.input}
          id={`${id}-box`}
          class="filter-box"
          type="text"
          role="combobox"
          aria-label="Filter"
          aria-expanded={found.length > 0}
          aria-controls={`${id}-list`}
          aria-activedescendant={at >= 0 ? `${id}-${at}` : undefined}
          aria-autocomplete="list"
          aria-invalid={wrong !== null}
          aria-describedby={`${id}-wrong`}
          placeholder="Filter: loss < 0.5 and lr = 0.1, or words of a name    /"
          dir="auto"
          autoComplete="off"
          autocapitalize="off"
          spellcheck={false}
          value={text}
          onInput={(event) => {
            box.setOpen(true);
            box.type(event.currentTarget.value, event.currentTarget.selectionStart ?? 0);
          }}
          onSelect={(event) => box.setCursor(event.currentTarget.selectionStart ?? 0)}
          onFocus={(event) => {
            box.setCursor(event.currentTarget.selectionStart ?? 0);
            box.setOpen(true);
          }}
          onBlur={(event) => {
            box.setOpen(false);
            if (event.currentTarget.value !== "") box.end(event.currentTarget.value);
          }}
          onKeyDown={box.onKey}
        />
        <Choices id={id} found={found} chosen={at} expected={box.expected} onTake={box.take} />
      </div>
      <Wrong id={`${id}-wrong`} wrong={wrong} text={text} notes={props.notes} onFix={box.replace} />
      <Chips value={props.value.value} onDrop={box.replace} />
    </div>
  );
}
