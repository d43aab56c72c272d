/**
 * What opens above the page: dialogs and menus.
 *
 * Invariants: the focus goes in when it opens and back where it was when it closes; Escape closes it; keys of the page
 * rest meanwhile.
 */
import type { ComponentChildren, JSX } from "preact";
import { useId, useLayoutEffect, useRef, useState } from "preact/hooks";

import { holdKeys } from "../state/actions";
import { shown } from "../state/keys";
import { IconButton } from "./controls";
import { Icon, type IconName } from "./icons";

export function Dialog(props: {
  title: string;
  onClose: () => void;
  children: ComponentChildren;
  /** The title is read out and not shown. */
  isTitleHidden?: boolean;
}): JSX.Element {
  const element = useRef<HTMLDialogElement>(null);
  const id = useId();
  // Before it is painted: what is typed at once goes into it and not to the page below.
  useLayoutEffect(() => {
    const dialog = element.current;
    const before = document.activeElement;
    const release = holdKeys();
    if (dialog !== null && !dialog.open) dialog.showModal();
    return () => {
      release();
      dialog?.close();
      if (before instanceof HTMLElement) before.focus();
    };
  }, []);
  return (
    <dialog
      ref={element}
      class="dialog"
      aria-labelledby={id}
      onCancel={(event) => {
        event.preventDefault();
        props.onClose();
      }}
      onClick={(event) => {
        if (event.target === element.current) props.onClose();
      }}
    >
      <div class={props.isTitleHidden === true ? "unseen" : "dialog-head"}>
        <h2 id={id}>{props.title}</h2>
        {props.isTitleHidden !== true && <IconButton icon="close" label="Close" onClick={props.onClose} />}
      </div>
      <div class="dialog-body">{props.children}</div>
    </dialog>
  );
}

export interface MenuItem {
  title: string;
  onChoose: () => void;
  keys?: string;
  disabled?: boolean;
}

/** A button that opens a list of things to do. */
export function Menu(props: {
  label: string;
  items: readonly MenuItem[];
  icon?: IconName;
  align?: "start" | "end";
  /** Why nothing of it can be done; null when it can. */
  whyNot?: string | null;
}): JSX.Element {
  const [isOpen, setOpen] = useState(false);
  const box = useRef<HTMLDivElement>(null);
  const close = (): void => {
    setOpen(false);
    box.current?.querySelector<HTMLElement>("button")?.focus();
  };
  // Before it is painted: a key that follows the one that closes it is the page's again.
  useLayoutEffect(() => {
    if (!isOpen) return undefined;
    const release = holdKeys();
    box.current?.querySelector<HTMLElement>("[role=menuitem]:not(:disabled)")?.focus();
    const outside = (event: PointerEvent): void => {
      if (event.target instanceof Node && !box.current?.contains(event.target)) setOpen(false);
    };
    document.addEventListener("pointerdown", outside);
    return () => {
      release();
      document.removeEventListener("pointerdown", outside);
    };
  }, [isOpen]);
  return (
    <div class="menu" ref={box} onKeyDown={(event) => isOpen && moveInMenu(event, box.current, close)}>
      <button
        type="button"
        class={props.icon === undefined ? "button" : "button button-icon"}
        aria-haspopup="menu"
        aria-expanded={isOpen}
        aria-label={props.icon === undefined ? undefined : props.label}
        title={props.whyNot ?? (props.icon === undefined ? undefined : props.label)}
        disabled={props.whyNot != null}
        onClick={() => setOpen(!isOpen)}
      >
        {props.icon === undefined ? props.label : <Icon name={props.icon} />}
      </button>
      {isOpen && (
        <div class={props.align === "start" ? "menu-list menu-list-start" : "menu-list"} role="menu" aria-label={props.label}>
          {props.items.map((item) => (
            <button
              key={item.title}
              type="button"
              role="menuitem"
              class="menu-item"
              tabIndex={-1}
              disabled={item.disabled}
              onClick={() => {
                close();
                item.onChoose();
              }}
            >
              <span>{item.title}</span>
              {item.keys !== undefined && <Keys keys={item.keys} />}
            </button>
          ))}
        </div>
      )}
    </div>
  );
}

function moveInMenu(event: KeyboardEvent, box: HTMLElement | null, close: () => void): void {
  if (event.key === "Escape" || event.key === "Tab") {
    if (event.key === "Escape") event.preventDefault();
    return close();
  }
  const items = [...(box?.querySelectorAll<HTMLElement>("[role=menuitem]:not(:disabled)") ?? [])];
  const at = items.indexOf(document.activeElement as HTMLElement);
  const to = { ArrowDown: at + 1, ArrowUp: at - 1 + items.length, Home: 0, End: items.length - 1 }[event.key];
  if (to === undefined || items.length === 0) return;
  event.preventDefault();
  items[to % items.length]?.focus();
}

/** Keys as keycaps. */
export function Keys(props: { keys: string }): JSX.Element {
  return (
    <span class="keys">
      {shown(props.keys).map((key, index) => (
        <kbd key={index} class="keycap">
          {key}
        </kbd>
      ))}
    </span>
  );
}
