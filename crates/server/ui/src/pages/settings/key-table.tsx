/**
 * The keys of everything that can be done here, and how they are changed.
 *
 * Actions of other pages are among them once their page was open.
 *
 * Invariant: a key that two things want is told of before it is taken, and what was chosen can be taken back.
 */
import type { JSX } from "preact";
import { useLayoutEffect, useRef, useState } from "preact/hooks";

import { Button, IconButton, Keys } from "../../parts";
import { holdKeys, keysOf, knownActions, type Action } from "../../state/actions";
import { pressed } from "../../state/keys";
import { preferences } from "../../state/preferences";

export function KeyTable(): JSX.Element {
  const [changing, setChanging] = useState<string | null>(null);
  const known = knownActions.value;
  return (
    <table class="settings-keys">
      <thead>
        <tr>
          <th scope="col">What is done</th>
          <th scope="col">Keys</th>
          <th scope="col">Change</th>
        </tr>
      </thead>
      <tbody>
        {known.map((action) => (
          <tr key={action.id}>
            <td>{action.title}</td>
            <td>
              {changing === action.id ? (
                <Recorder action={action} onDone={() => setChanging(null)} />
              ) : (
                <KeysOf action={action} />
              )}
            </td>
            <td>
              <Button kind="quiet" onClick={() => setChanging(action.id)}>
                <span class="unseen">Change the keys of: {action.title}</span>
                <span aria-hidden="true">Change</span>
              </Button>
              {preferences.keys.value[action.id] !== undefined && (
                <IconButton icon="retry" label={`The keys as they were: ${action.title}`} onClick={() => choose(action.id, null)} />
              )}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function KeysOf(props: { action: Action }): JSX.Element {
  const keys = keysOf(props.action);
  return keys === null ? <span class="faint">none</span> : <Keys keys={keys} />;
}

function choose(id: string, keys: string | null): void {
  const { [id]: _, ...rest } = preferences.keys.peek();
  preferences.keys.set(keys === null ? rest : { ...rest, [id]: keys });
}

/** Takes down what is pressed until Enter. */
function Recorder(props: { action: Action; onDone: () => void }): JSX.Element {
  const [keys, setKeys] = useState<readonly string[]>([]);
  const text = keys.join(" ");
  const rival = knownActions.value.find((other) => other.id !== props.action.id && text !== "" && keysOf(other) === text);
  const now = useRef({ keys, props });
  now.current = { keys: now.current.keys, props };
  useLayoutEffect(() => {
    const release = holdKeys();
    const hold = (next: readonly string[]): void => {
      // Who is quick presses the next one before this one is drawn.
      now.current.keys = next;
      setKeys(next);
    };
    const take = (event: KeyboardEvent): void => {
      const press = pressed(event);
      if (press === null || press === "Tab") return;
      event.preventDefault();
      event.stopPropagation();
      const { keys: held, props: asked } = now.current;
      if (press === "Escape") asked.onDone();
      else if (press === "Backspace") hold([]);
      else if (press === "Enter") {
        choose(asked.action.id, held.join(" "));
        asked.onDone();
      } else hold([...held, press].slice(-2));
    };
    addEventListener("keydown", take, true);
    return () => {
      release();
      removeEventListener("keydown", take, true);
    };
  }, []);
  return (
    <span role="status" class="small">
      {text === "" ? "Press the keys, then Enter; nothing for none" : <Keys keys={text} />}
      {rival !== undefined && <span class="settings-rival"> also: {rival.title}</span>}
    </span>
  );
}
