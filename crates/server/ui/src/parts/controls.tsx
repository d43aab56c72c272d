/**
 * What is pressed, chosen and written into.
 *
 * Invariant: every control has a name that is read out, is reached by the keyboard, and is 24 px high at least.
 */
import type { ComponentChildren, JSX } from "preact";
import { useId } from "preact/hooks";

import { Icon, type IconName } from "./icons";

export interface ButtonProps {
  children: ComponentChildren;
  onClick?: (event: MouseEvent) => void;
  kind?: "normal" | "primary" | "danger" | "quiet";
  disabled?: boolean;
  title?: string;
  type?: "button" | "submit";
}

export function Button(props: ButtonProps): JSX.Element {
  const kind = props.kind ?? "normal";
  return (
    <button
      type={props.type ?? "button"}
      class={kind === "normal" ? "button" : `button button-${kind}`}
      disabled={props.disabled}
      title={props.title}
      onClick={props.onClick}
    >
      {props.children}
    </button>
  );
}

/** A button that is a sign; its label is read out and shown as its title. */
export function IconButton(props: {
  icon: IconName;
  label: string;
  onClick: (event: MouseEvent) => void;
  disabled?: boolean;
  pressed?: boolean;
}): JSX.Element {
  return (
    <button
      type="button"
      class="button button-icon"
      aria-label={props.label}
      title={props.label}
      aria-pressed={props.pressed}
      disabled={props.disabled}
      onClick={props.onClick}
    >
      <Icon name={props.icon} />
    </button>
  );
}

/** A short fact; `onRemove` makes it one that can be taken away. */
export function Chip(props: { text: string; onRemove?: () => void; onClick?: () => void }): JSX.Element {
  const text = (
    <span class="chip-text cut" dir="auto" title={props.text.slice(0, 2_000)}>
      {props.text.slice(0, 200)}
    </span>
  );
  return (
    <span class="chip">
      {props.onClick === undefined ? (
        text
      ) : (
        <button type="button" class="identifier" onClick={props.onClick}>
          {text}
        </button>
      )}
      {props.onRemove && (
        <button type="button" class="chip-remove" aria-label={`Remove ${props.text.slice(0, 80)}`} onClick={props.onRemove}>
          ×
        </button>
      )}
    </span>
  );
}

export interface TextFieldProps {
  label: string;
  value: string;
  onInput: (text: string) => void;
  onEnter?: () => void;
  placeholder?: string;
  type?: "text" | "search" | "password" | "number";
  /** The label is read out and not shown. */
  isLabelHidden?: boolean;
  describedBy?: string;
  isInvalid?: boolean;
  autoFocus?: boolean;
}

export function TextField(props: TextFieldProps): JSX.Element {
  const id = useId();
  return (
    <label class="field" for={id}>
      <span class={props.isLabelHidden === true ? "unseen" : undefined}>{props.label}</span>
      <input
        id={id}
        // The types of the library tell fields of different kinds apart; this one is any of four.
        type={(props.type ?? "text") as "text"}
        value={props.value}
        placeholder={props.placeholder}
        dir="auto"
        autoComplete="off"
        spellcheck={false}
        autofocus={props.autoFocus}
        aria-describedby={props.describedBy}
        aria-invalid={props.isInvalid}
        onInput={(event) => props.onInput(event.currentTarget.value)}
        onKeyDown={(event) => {
          if (event.key === "Enter" && !event.isComposing) props.onEnter?.();
        }}
      />
    </label>
  );
}

export function Select<Value extends string>(props: {
  label: string;
  value: Value;
  options: readonly (readonly [Value, string])[];
  onChange: (value: Value) => void;
  isLabelHidden?: boolean;
}): JSX.Element {
  const id = useId();
  return (
    <label class="field" for={id}>
      <span class={props.isLabelHidden === true ? "unseen" : undefined}>{props.label}</span>
      <select
        id={id}
        value={props.value}
        onChange={(event) => props.onChange(event.currentTarget.value as Value)}
      >
        {props.options.map(([value, title]) => (
          <option key={value} value={value}>
            {title}
          </option>
        ))}
      </select>
    </label>
  );
}

export function Switch(props: { label: string; isOn: boolean; onChange: (isOn: boolean) => void }): JSX.Element {
  return (
    <label class="switch">
      <input
        type="checkbox"
        role="switch"
        checked={props.isOn}
        onChange={(event) => props.onChange(event.currentTarget.checked)}
      />
      {props.label}
    </label>
  );
}
