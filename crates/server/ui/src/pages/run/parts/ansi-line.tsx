/**
 * A line of a terminal with its colours.
 *
 * Invariant: it is text nodes within spans, of 5,000 letters at most until more is asked for.
 */
import type { JSX } from "preact";
import { useState } from "preact/hooks";

import { partsOf, type Style } from "../text/ansi";
import "./ansi.css";

const SHOWN = 5_000;

export function AnsiLine(props: { readonly text: string }): JSX.Element {
  const [isWhole, setWhole] = useState(false);
  const isLong = props.text.length > SHOWN;
  const shown = isLong && !isWhole ? props.text.slice(0, SHOWN) : props.text;
  return (
    <span class="ansi" dir="auto">
      {partsOf(shown).map((part, at) => (
        <span key={at} class={classOf(part.style)} style={styleOf(part.style)}>
          {part.text}
        </span>
      ))}
      {isLong && !isWhole && (
        <button type="button" class="run-more" onClick={() => setWhole(true)}>
          all {props.text.length} letters
        </button>
      )}
    </span>
  );
}

function classOf(style: Style): string | undefined {
  const front = style.isInverse ? style.background : style.colour;
  const behind = style.isInverse ? style.colour : style.background;
  const names = [
    typeof front === "number" ? `ansi-${front}` : "",
    typeof behind === "number" ? `ansi-on-${behind}` : "",
    style.isInverse && style.colour === null && style.background === null ? "ansi-inverse" : "",
    style.isBold ? "ansi-bold" : "",
    style.isFaint ? "ansi-faint" : "",
    style.isItalic ? "ansi-italic" : "",
    style.isUnderlined ? "ansi-underlined" : "",
  ].filter((name) => name !== "");
  return names.length === 0 ? undefined : names.join(" ");
}

function styleOf(style: Style): Record<string, string> | undefined {
  const front = style.isInverse ? style.background : style.colour;
  const behind = style.isInverse ? style.colour : style.background;
  const made: Record<string, string> = {};
  if (typeof front === "string") made["color"] = front;
  if (typeof behind === "string") made["backgroundColor"] = behind;
  return Object.keys(made).length === 0 ? undefined : made;
}
