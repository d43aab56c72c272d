/**
 * The aliases of a model: names that lead to a version and can be moved.
 *
 * Invariant: moving or removing one is one call that can be taken back.
 */
import type { JSX } from "preact";
import { useState } from "preact/hooks";

import type { Model, ModelVersion } from "../../api/types";
import { Badge, Button, IconButton, Panel, TextField } from "../../parts";
import { failed } from "../../state/undo";
import type { Shown } from "../datasets/thing-page";
import { removeAlias, setAlias } from "../datasets/things";

export function Aliases(props: Shown<Model, ModelVersion | undefined>): JSX.Element {
  const { item, version, whyFixed, reload } = props;
  const [name, setName] = useState("");
  const act = (work: Promise<unknown>): void => void work.then(reload, (error: unknown) => failed("Alias", error));
  const set = (): void => {
    if (name.trim() === "" || !version) return;
    act(setAlias(item.name, name.trim(), version.number));
    setName("");
  };
  const entries = Object.entries(item.aliases);
  return (
    <Panel title="Aliases">
      {entries.length === 0 && <p class="soft">None. An alias such as `champion` leads to a version, and can be moved.</p>}
      <ul class="run-tags">
        {entries.map(([alias, number]) => (
          <li key={alias} class="run-tag">
            <span class="name run-tag-key" dir="auto">
              {alias}
            </span>
            <Badge>v{number}</Badge>
            {whyFixed === null && (
              <span class="run-tag-actions">
                {version && version.number !== number && (
                  <Button kind="quiet" onClick={() => act(setAlias(item.name, alias, version.number))}>
                    Move to v{version.number}
                  </Button>
                )}
                <IconButton icon="close" label={`Remove the alias ${alias.slice(0, 60)}`} onClick={() => act(removeAlias(item.name, alias))} />
              </span>
            )}
          </li>
        ))}
      </ul>
      {whyFixed === null && version && !version.removed && (
        <form
          class="row thing-ask"
          onSubmit={(event) => {
            event.preventDefault();
            set();
          }}
        >
          <TextField label={`New alias of v${version.number}`} value={name} onInput={setName} />
          <Button type="submit" disabled={name.trim() === ""}>
            Set
          </Button>
        </form>
      )}
    </Panel>
  );
}
