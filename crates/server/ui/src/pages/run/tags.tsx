/**
 * The tags of a run, added, changed and taken away in place.
 *
 * Invariant: a tag is changed by one call that can be taken back; tags are texts, whatever they hold.
 */
import type { JSX } from "preact";
import { useState } from "preact/hooks";

import { Button, IconButton, Panel, TextField } from "../../parts";
import { failed } from "../../state/undo";
import { setTag } from "./changes";
import { useRun } from "./context";
import { LongText } from "./overview";

export function Tags(): JSX.Element {
  const { run, whyFixed, reload } = useRun();
  return (
    <TagsPanel
      tags={run.tags}
      whyFixed={whyFixed ?? (run.deleted ? "It is deleted: restore it first." : null)}
      onSet={(key, value) => setTag(run, key, value).then(reload)}
    />
  );
}

interface TagsProps {
  /** What the panel is called, where there are several on a page. */
  readonly title?: string;
  readonly tags: Readonly<Record<string, string>>;
  readonly whyFixed: string | null;
  readonly onSet: (key: string, value: string | null) => Promise<unknown>;
}

/** Tags of anything that has some. */
export function TagsPanel(props: TagsProps): JSX.Element {
  const [editing, setEditing] = useState<string | null>(null);
  const entries = Object.entries(props.tags).sort(([one], [other]) => one.localeCompare(other, "en", { numeric: true }));
  const set = (key: string, value: string | null): void => {
    setEditing(null);
    props.onSet(key, value).catch((error: unknown) => failed("Tag", error));
  };
  const add = (
    <IconButton icon="plus" label={props.whyFixed ?? "Add a tag"} disabled={props.whyFixed !== null} onClick={() => setEditing("")} />
  );
  return (
    <Panel title={props.title ?? "Tags"} actions={add}>
      {entries.length === 0 && editing === null && <p class="soft">None.</p>}
      <ul class="run-tags">
        {entries.map(([key, value]) => (
          <li key={key} class="run-tag">
            <span class="name run-tag-key" dir="auto">
              {key}
            </span>
            {value !== "" && <LongText text={value} />}
            {props.whyFixed === null && (
              <span class="run-tag-actions">
                <IconButton icon="settings" label={`Change ${key.slice(0, 60)}`} onClick={() => setEditing(key)} />
                <IconButton icon="close" label={`Remove ${key.slice(0, 60)}`} onClick={() => set(key, null)} />
              </span>
            )}
          </li>
        ))}
      </ul>
      {editing !== null && <TagForm key={editing} name={editing} value={props.tags[editing] ?? ""} onSave={set} onCancel={() => setEditing(null)} />}
    </Panel>
  );
}

function TagForm(props: { readonly name: string; readonly value: string; readonly onSave: (key: string, value: string) => void; readonly onCancel: () => void }): JSX.Element {
  const [key, setKey] = useState(props.name);
  const [value, setValue] = useState(props.value);
  return (
    <form
      class="run-form"
      onSubmit={(event) => {
        event.preventDefault();
        if (key.trim() !== "") props.onSave(key.trim(), value);
      }}
      onKeyDown={(event) => event.key === "Escape" && props.onCancel()}
    >
      {props.name === "" && <TextField label="Key" value={key} onInput={setKey} autoFocus />}
      <TextField label={props.name === "" ? "Value (may be empty)" : `Value of ${props.name.slice(0, 60)}`} value={value} onInput={setValue} autoFocus={props.name !== ""} />
      <div class="row">
        <Button type="submit" kind="primary" disabled={key.trim() === ""}>
          Save
        </Button>
        <Button onClick={props.onCancel}>Cancel</Button>
      </div>
    </form>
  );
}
