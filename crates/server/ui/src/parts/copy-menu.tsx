/**
 * One menu for every form in which something can be taken along.
 *
 * Invariant: a form is made when it is chosen, so that what is copied is what is shown then.
 */
import type { JSX } from "preact";

import { Menu } from "./dialog";
import { take, type Form } from "./take";

/** The forms that there are; each is a text, or what makes one. */
export interface CopyForms {
  link?: string | (() => string);
  cli?: string | (() => string);
  python?: string | (() => string);
  rust?: string | (() => string);
  csv?: Form;
  markdown?: Form;
  latex?: Form;
}

const TITLES: Record<keyof CopyForms, string> = {
  link: "Link",
  cli: "Command",
  python: "Python",
  rust: "Rust",
  csv: "CSV",
  markdown: "Markdown table",
  latex: "LaTeX table",
};

export function CopyMenu(props: CopyForms & { label?: string }): JSX.Element {
  const names = (Object.keys(TITLES) as (keyof CopyForms)[]).filter((name) => props[name] !== undefined);
  return (
    <Menu
      label={props.label ?? "Copy as"}
      icon="copy"
      items={names.map((name) => ({
        title: TITLES[name],
        onChoose: () => void take(TITLES[name], props[name] ?? ""),
      }))}
    />
  );
}
