/**
 * One menu for every form in which something can be taken along.
 *
 * Invariant: a form is made when it is chosen, so that what is copied is what is shown then.
 */
import type { JSX } from "preact";

import { failed } from "../state/undo";
import { copy } from "./copy";
import { Menu } from "./dialog";

/** The forms that there are; each is a text, or what makes one. */
export interface CopyForms {
  link?: string | (() => string);
  cli?: string | (() => string);
  python?: string | (() => string);
  rust?: string | (() => string);
  csv?: string | (() => string | Promise<string>);
  markdown?: string | (() => string | Promise<string>);
  latex?: string | (() => string | Promise<string>);
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
        onChoose: () => {
          const form = props[name];
          Promise.resolve(typeof form === "function" ? form() : form)
            .then((text) => copy(text ?? "", `${TITLES[name]} copied`))
            .catch((error: unknown) => failed("It could not be copied", error));
        },
      }))}
    />
  );
}
