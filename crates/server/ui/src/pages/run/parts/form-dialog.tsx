/**
 * Dialogs that ask for something and then do one thing.
 *
 * Invariant: what is not ready to be done is not done, by the button and by Enter alike.
 */
import type { ComponentChildren, JSX } from "preact";
import { useState } from "preact/hooks";

import { Button, Dialog, TextField } from "../../../parts";

interface FormProps {
  readonly title: string;
  /** What the button says that does it. */
  readonly submit: string;
  readonly isReady?: boolean;
  readonly onSubmit: () => void;
  readonly onClose: () => void;
  readonly children: ComponentChildren;
}

export function FormDialog(props: FormProps): JSX.Element {
  const isReady = props.isReady ?? true;
  return (
    <Dialog title={props.title} onClose={props.onClose}>
      <form
        class="run-form"
        onSubmit={(event) => {
          event.preventDefault();
          if (isReady) props.onSubmit();
        }}
      >
        {props.children}
        <div class="row">
          <Button type="submit" kind="primary" disabled={!isReady}>
            {props.submit}
          </Button>
          <Button onClick={props.onClose}>Cancel</Button>
        </div>
      </form>
    </Dialog>
  );
}

interface TextProps {
  readonly title: string;
  readonly label: string;
  readonly value: string;
  /** Of several lines. */
  readonly isLong?: boolean;
  readonly mayBeEmpty?: boolean;
  readonly onClose: () => void;
  readonly onSave: (text: string) => void;
}

/** Asks for another text than there is. */
export function TextDialog(props: TextProps): JSX.Element {
  const [text, setText] = useState(props.value);
  const isReady = text !== props.value && (props.mayBeEmpty === true || text.trim() !== "");
  return (
    <FormDialog title={props.title} submit="Save" isReady={isReady} onSubmit={() => props.onSave(text)} onClose={props.onClose}>
      {props.isLong === true ? (
        <label class="field">
          <span>{props.label}</span>
          <textarea class="input run-text" rows={6} dir="auto" value={text} onInput={(event) => setText(event.currentTarget.value)} />
        </label>
      ) : (
        <TextField label={props.label} value={text} onInput={setText} autoFocus />
      )}
    </FormDialog>
  );
}
