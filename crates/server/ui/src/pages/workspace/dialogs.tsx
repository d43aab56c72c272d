/**
 * What is asked before something is done to runs: tags, a note, a name, and all runs of the filter at once.
 *
 * Invariant: a change of all runs of a filter is shown first, with how many they are and which, and is done to exactly so
 * many or not at all.
 */
import type { JSX } from "preact";
import { useState } from "preact/hooks";

import { useResource } from "../../api/resource";
import { Button, Copyable, Dialog, Failure, grouped, Select, Skeleton, TextField } from "../../parts";
import { failed } from "../../state/undo";
import { apply, commandOf, counted, rehearse, rename, tagsOf, words, type About, type Change } from "./changes";
import type { BulkForm } from "./wire";

export type Wish = "tags" | "note" | "rename" | "bulk";

/** Asks for tags or a note for some runs. */
export function ChangeDialog(props: { wish: "tags" | "note"; runs: readonly string[]; onClose: () => void }): JSX.Element {
  const [text, setText] = useState("");
  const isTags = props.wish === "tags";
  const change: Change = isTags ? { tags: tagsOf(text) } : { note: text };
  const isEmpty = text.trim() === "";
  const save = (): void => {
    if (isEmpty) return;
    props.onClose();
    apply({ runs: props.runs }, change).catch((error: unknown) => failed("The runs were not changed", error));
  };
  return (
    <Dialog title={`${isTags ? "Tag" : "Note on"} ${counted(props.runs.length)}`} onClose={props.onClose}>
      {isTags ? (
        <TextField label="Tags" value={text} onInput={setText} onEnter={save} placeholder="paper=v2 baseline -old" autoFocus />
      ) : (
        <label class="field">
          <span>Note, in Markdown</span>
          <textarea rows={5} dir="auto" autofocus value={text} onInput={(event) => setText(event.currentTarget.value)} />
        </label>
      )}
      {isTags && <p class="faint small">A tag with a minus before it is taken away. Blanks in a value need double quotes.</p>}
      <Command about={{ runs: props.runs }} change={change} />
      <Buttons onClose={props.onClose} onDo={save} disabled={isEmpty} title={isTags ? "Tag" : "Add the note"} />
    </Dialog>
  );
}

export function RenameDialog(props: { id: string; name: string; onClose: () => void }): JSX.Element {
  const [name, setName] = useState(props.name);
  const save = (): void => {
    if (name.trim() === "") return;
    props.onClose();
    rename(props.id, name).catch((error: unknown) => failed("The run was not renamed", error));
  };
  return (
    <Dialog title="Rename the run" onClose={props.onClose}>
      <TextField label="Name" value={name} onInput={setName} onEnter={save} autoFocus />
      <Buttons onClose={props.onClose} onDo={save} disabled={name.trim() === "" || name === props.name} title="Rename" />
    </Dialog>
  );
}

type Kind = "tag" | "note" | "delete" | "restore";

/** All runs of the filter at once, shown before it is done. */
export function BulkDialog(props: { about: About; onClose: () => void }): JSX.Element {
  const [kind, setKind] = useState<Kind>("tag");
  const [text, setText] = useState("");
  const change = changeOf(kind, text);
  const about: About = kind === "restore" ? { ...props.about, deleted: "only" } : props.about;
  // Which runs it meets does not depend on what is written.
  const told = useResource(`bulk ${kind} ${JSON.stringify(about)}`, (signal) => rehearse(about, { note: "-" }, signal));
  const seen = told.value.value;
  const isReady = seen !== undefined && seen.runs > 0 && change !== null && told.error.value === undefined;
  const save = (): void => {
    if (!isReady || change === null) return;
    props.onClose();
    apply(about, change, seen.runs).catch((error: unknown) => failed("The runs were not changed", error));
  };
  return (
    <Dialog title="Change all runs of the filter" onClose={props.onClose}>
      <div class="row">
        <Select label="What" value={kind} onChange={setKind}
          options={[["tag", "Tag"], ["note", "Add a note"], ["delete", "Delete"], ["restore", "Restore"]] as const} />
        {kind === "tag" && <TextField label="Tags" value={text} onInput={setText} onEnter={save} placeholder="paper=v2 -old" />}
        {kind === "note" && <TextField label="Note" value={text} onInput={setText} onEnter={save} />}
      </div>
      {told.error.value !== undefined && <Failure error={told.error.value} onRetry={told.reload} />}
      {told.error.value === undefined && (seen === undefined ? <Skeleton lines={4} /> : <Rehearsal told={seen} />)}
      {change !== null && <Command about={about} change={change} />}
      <Buttons onClose={props.onClose} onDo={save} disabled={!isReady} title={change === null ? "Change" : `${words(change)}: ${counted(seen?.runs ?? 0)}`} />
    </Dialog>
  );
}

function changeOf(kind: Kind, text: string): Change | null {
  if (kind === "delete" || kind === "restore") return { deleted: kind === "delete" };
  if (text.trim() === "") return null;
  return kind === "tag" ? { tags: tagsOf(text) } : { note: text };
}

function Rehearsal(props: { told: BulkForm }): JSX.Element {
  const { told } = props;
  const more = told.runs - told.items.length;
  return (
    <section aria-label="What would be changed" aria-live="polite">
      <p>
        <strong>{counted(told.runs)}</strong> would be changed{told.runs > 0 ? ", by one operation that one undo takes back:" : "."}
      </p>
      <ul class="runs-told">
        {told.items.map((run) => (
          <li key={run.id} class="cut" dir="auto">{run.name.slice(0, 200)}</li>
        ))}
      </ul>
      {more > 0 && <p class="faint small">and {grouped(more)} more</p>}
    </section>
  );
}

function Command(props: { about: About; change: Change }): JSX.Element {
  return (
    <details class="runs-command">
      <summary class="small soft">As a command</summary>
      <Copyable text={commandOf(props.about, props.change, location.origin)} />
    </details>
  );
}

function Buttons(props: { onClose: () => void; onDo: () => void; disabled: boolean; title: string }): JSX.Element {
  return (
    <div class="row">
      <Button kind="primary" onClick={props.onDo} disabled={props.disabled}>{props.title}</Button>
      <Button onClick={props.onClose}>Cancel</Button>
    </div>
  );
}
