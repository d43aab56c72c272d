/**
 * The keys of the page that is shown.
 *
 * Invariant: it is made of the actions that are offered at the moment, so it lists what works and nothing else.
 */
import { signal } from "@preact/signals";
import type { JSX } from "preact";

import { Dialog, Keys } from "../parts";
import { actions, keysOf } from "../state/actions";

const isOpen = signal(false);

/** Opens it. */
export function openHelp(): void {
  isOpen.value = true;
}

export function Help(): JSX.Element | null {
  if (!isOpen.value) return null;
  const known = actions.value.flatMap((action) => {
    const keys = keysOf(action);
    return keys === null ? [] : [{ action, keys }];
  });
  return (
    <Dialog title="Keys of this page" onClose={() => (isOpen.value = false)}>
      <table class="shell-keys" role="table">
        <thead class="unseen">
          <tr>
            <th scope="col">Keys</th>
            <th scope="col">What they do</th>
            <th scope="col">Command</th>
          </tr>
        </thead>
        <tbody>
          {known.map(({ action, keys }) => (
            <Row key={action.id} keys={keys} title={action.title} command={action.cli?.() ?? ""} />
          ))}
        </tbody>
      </table>
      <p class="small soft">
        Keys are off while you type. Change them in <a href="/settings">Settings</a>.
      </p>
    </Dialog>
  );
}

/** On a narrow screen the command stands below the rest, so the roles of a table are said. */
function Row(props: { keys: string; title: string; command: string }): JSX.Element {
  const { command } = props;
  return (
    <tr role="row">
      <td role="cell">
        <Keys keys={props.keys} />
      </td>
      <td role="cell">{props.title}</td>
      <td role="cell" class="mono small soft" title={command.slice(0, 2_000)}>
        {command !== "" && <span class="shell-keys-command">{command.slice(0, 2_000)}</span>}
      </td>
    </tr>
  );
}
