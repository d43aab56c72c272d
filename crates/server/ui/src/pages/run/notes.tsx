/**
 * What people wrote about a run.
 *
 * Invariant: a note is shown as it was written, line for line, as text; it is Markdown that nobody runs.
 */
import type { JSX } from "preact";
import { useState } from "preact/hooks";

import { get } from "../../api/client";
import { useResource } from "../../api/resource";
import type { Note, Notes as NotesForm } from "../../api/types";
import { Button, Failure, IconButton, Name, Panel, Skeleton, Time } from "../../parts";
import { failed } from "../../state/undo";
import { pinnedAt } from "../../state/url";
import { addNote, changeNote, removeNote } from "./changes";
import { useRun } from "./context";

export function Notes(): JSX.Element {
  const { run, whyFixed, reload } = useRun();
  const path = `/runs/${encodeURIComponent(run.id)}/notes`;
  // The number of notes and the last one change with every note, so the list is asked for when there is something new.
  const loaded = useResource<NotesForm>(`${path} ${run.lsn}`, (signal) => get<NotesForm>(path, {}, { signal, pinned: false }));
  const [editing, setEditing] = useState<number | "new" | null>(null);
  const act = (work: Promise<unknown>): void => {
    setEditing(null);
    work.then(reload, (error: unknown) => failed("Note", error));
  };
  const isFixed = whyFixed !== null || run.deleted;
  const at = pinnedAt.value;
  const items = (loaded.value.value?.items ?? []).filter((note) => at === null || !/^\d+$/.test(at) || note.lsn <= Number(at));
  const add = <IconButton icon="plus" label={whyFixed ?? "Add a note"} disabled={isFixed} onClick={() => setEditing("new")} />;
  return (
    <Panel title="Notes" actions={add}>
      {loaded.error.value && <Failure error={loaded.error.value} onRetry={loaded.reload} />}
      {!loaded.value.value && !loaded.error.value && <Skeleton lines={2} />}
      {loaded.value.value && items.length === 0 && editing === null && <p class="soft">Nobody wrote one.</p>}
      <ul class="run-notes">
        {items.map((note) =>
          editing === note.lsn ? (
            <li key={note.lsn}>
              <NoteForm text={note.text} onCancel={() => setEditing(null)} onSave={(text) => act(changeNote(run, note.lsn, text))} />
            </li>
          ) : (
            <NoteItem key={note.lsn} note={note} isFixed={isFixed} onEdit={() => setEditing(note.lsn)} onRemove={() => act(removeNote(run, note.lsn))} />
          ),
        )}
      </ul>
      {editing === "new" && <NoteForm text="" onCancel={() => setEditing(null)} onSave={(text) => act(addNote(run, text))} />}
    </Panel>
  );
}

function NoteItem(props: { readonly note: Note; readonly isFixed: boolean; readonly onEdit: () => void; readonly onRemove: () => void }): JSX.Element {
  const { note } = props;
  return (
    <li class="run-note">
      <p class="run-note-text name" dir="auto">
        {note.text}
      </p>
      <p class="row small soft">
        {note.actor !== "" && <Name text={note.actor} />}
        <Time time={note.time} />
        {!props.isFixed && (
          <span class="run-tag-actions">
            <IconButton icon="settings" label="Change the note" onClick={props.onEdit} />
            <IconButton icon="close" label="Remove the note" onClick={props.onRemove} />
          </span>
        )}
      </p>
    </li>
  );
}

function NoteForm(props: { readonly text: string; readonly onSave: (text: string) => void; readonly onCancel: () => void }): JSX.Element {
  const [text, setText] = useState(props.text);
  return (
    <form
      class="run-form"
      onSubmit={(event) => {
        event.preventDefault();
        props.onSave(text);
      }}
      onKeyDown={(event) => {
        if (event.key === "Escape") props.onCancel();
        if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && text.trim() !== "") props.onSave(text);
      }}
    >
      <label class="field">
        <span>Note, in Markdown</span>
        <textarea class="input run-text" rows={4} dir="auto" autofocus value={text} onInput={(event) => setText(event.currentTarget.value)} />
      </label>
      <div class="row">
        <Button type="submit" kind="primary" disabled={text.trim() === "" || text === props.text}>
          Save
        </Button>
        <Button onClick={props.onCancel}>Cancel</Button>
      </div>
    </form>
  );
}
