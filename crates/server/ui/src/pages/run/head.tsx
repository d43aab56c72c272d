/**
 * The head of a run's page: what it is called, how it is, and what can be done to it.
 *
 * Invariant: every action is a button, an entry of the palette and a key at once, and says why when it may not be done.
 */
import type { JSX } from "preact";
import { useState } from "preact/hooks";

import type { EndName } from "../../api/types";
import { Badge, Button, CopyMenu, durationText, Identifier, Menu, Name, RunStateBadge, Select, TextField, Time } from "../../parts";
import { serverNow } from "../../api/reach";
import { perform, useActions, whyNot, type Action } from "../../state/actions";
import { COLOUR_NAMES, colourOf } from "../../state/colours";
import { preferences } from "../../state/preferences";
import { failed } from "../../state/undo";
import { go, href, pinnedAt } from "../../state/url";
import { literal } from "../compare/export";
import * as changes from "./changes";
import { runSeconds, useRun } from "./context";
import { FormDialog, TextDialog } from "./parts/form-dialog";

type Open = "rename" | "end" | "tag" | "note" | "delete" | null;

export function RunHead(): JSX.Element {
  const { run, whyFixed, reload } = useRun();
  const [open, setOpen] = useState<Open>(null);
  const close = (): void => setOpen(null);
  const act = (work: () => Promise<unknown>, what: string): void => {
    close();
    work().then(reload, (error: unknown) => failed(what, error));
  };
  const actions = actionsOf(useRun(), setOpen, act);
  useActions(actions);
  const seconds = runSeconds(run, serverNow());
  return (
    <header class="run-head">
      <p class="run-path small">
        <a href={href("/")}>Experiments</a> <span aria-hidden="true">/</span>{" "}
        <a href={href(`/experiments/${encodeURIComponent(String(run.experiment_id))}`)} class="name" dir="auto">
          {run.experiment.slice(0, 200)}
        </a>{" "}
        <span aria-hidden="true">/</span> <span class="soft">run {run.number}</span>
      </p>
      <div class="page-head">
        <h1 class="run-title">
          <Name text={run.name} class="run-name name" />
        </h1>
        <RunButtons actions={actions} />
      </div>
      <p class="run-facts">
        <RunStateBadge run={run} />
        {run.deleted && <Badge tone="bad">deleted</Badge>}
        {pinnedAt.value !== null && <Badge tone="warn">past state</Badge>}
        {run.detached && run.state === "running" && <Badge title="It goes on without its process, until it is ended">detached</Badge>}
        <Identifier id={run.id} short={run.short} />
        <span class="soft">
          started <Time time={run.started ?? run.created} />
        </span>
        {seconds !== null && <span class="soft">{run.state === "running" ? "running for" : "took"} {durationText(seconds)}</span>}
        <RunColour id={run.id} />
        {whyFixed !== null && <span class="faint">{whyFixed}</span>}
      </p>
      {open === "rename" && <TextDialog title="Rename the run" label="Name" value={run.name} onClose={close} onSave={(name) => act(() => changes.rename(run, name), "Rename")} />}
      {open === "note" && <TextDialog title="Add a note" label="Note, in Markdown" value="" isLong onClose={close} onSave={(note) => act(() => changes.addNote(run, note), "Add a note")} />}
      {open === "tag" && <TagDialog onClose={close} onSave={(key, value) => act(() => changes.setTag(run, key, value), "Tag")} />}
      {open === "end" && <EndDialog onClose={close} onEnd={(state) => act(() => changes.end(run, state), "End")} />}
    </header>
  );
}

function actionsOf(view: ReturnType<typeof useRun>, setOpen: (open: Open) => void, act: (work: () => Promise<unknown>, what: string) => void): Action[] {
  const { run } = view;
  const may = (): boolean => !run.deleted;
  const compare = (): void => go(href("/compare", { runs: run.id, baseline: run.id }));
  return [
    { id: "run.compare", title: "Compare this run", keys: "c", cli: () => `mltrack compare ${run.short} RUN`, run: compare },
    { id: "run.tag", changes: true, title: "Tag this run", keys: "e", cli: () => changes.cli.tag(run), when: may, run: () => setOpen("tag") },
    { id: "run.note", changes: true, title: "Add a note to this run", keys: "n", cli: () => changes.cli.note(run), when: may, run: () => setOpen("note") },
    { id: "run.rename", changes: true, title: "Rename this run", keys: "r", cli: () => changes.cli.rename(run), when: may, run: () => setOpen("rename") },
    {
      id: "run.end",
      title: "End this run",
      changes: true,
      cli: () => changes.cli.end(run),
      when: () => may() && (run.state === "running" || run.state === "lost" || run.state === "pending" || run.state === "queued"),
      run: () => setOpen("end"),
    },
    { id: "run.delete", changes: true, title: "Delete this run", keys: "Delete", cli: () => changes.cli.remove(run), when: may, run: () => act(() => changes.remove(run), "Delete") },
    {
      id: "run.restore",
      title: "Restore this run",
      cli: () => changes.cli.restore(run),
      changes: true,
      when: () => run.deleted,
      run: () => act(() => changes.restore(run), "Restore"),
    },
  ];
}

/** The actions that can be done now; the first few as buttons, the rest behind one. */
function RunButtons(props: { readonly actions: readonly Action[] }): JSX.Element {
  const { run, whyFixed } = useRun();
  const can = (id: string): Action | undefined => props.actions.find((action) => action.id === id && (action.when?.() ?? true));
  const short = { "run.compare": "Compare", "run.tag": "Tag", "run.note": "Note", "run.end": "End", "run.restore": "Restore" };
  const rest = ["run.rename", "run.delete"].flatMap((id) => can(id) ?? []);
  return (
    <div class="row">
      {Object.entries(short).map(([id, word]) => {
        const action = can(id);
        return action ? (
          <Button key={id} kind={id === "run.restore" ? "primary" : "normal"} disabled={whyNot(action) !== null} title={whyNot(action) ?? action.title} onClick={() => perform(action)}>
            {word}
          </Button>
        ) : null;
      })}
      {rest.length > 0 && (
        <Menu label="More" whyNot={whyFixed} items={rest.map((action) => ({ title: action.title, onChoose: () => perform(action), ...(action.keys ? { keys: action.keys } : {}) }))} />
      )}
      <CopyMenu
        link={() => location.href}
        cli={() => changes.cli.show(run)}
        python={() => `import mltrack\nrun = mltrack.open().run(${literal(run.id)})`}
        rust={() => `let tracker = mltrack::Tracker::open(".mltrack")?;\nlet run = tracker.run_summary(tracker.find_run(${literal(run.id)})?)?;`}
      />
    </div>
  );
}

/** The colour of the run on every page: that of its id, or the one that its user prefers. */
function RunColour(props: { readonly id: string }): JSX.Element {
  const { [props.id]: chosen, ...others } = preferences.colours.value;
  const options = [["", "colour of its id"] as const, ...COLOUR_NAMES.map((name, place) => [String(place), name] as const)];
  const choose = (place: string): void => preferences.colours.set(place === "" ? others : { ...others, [props.id]: Number(place) });
  return (
    <span class="run-colour">
      <svg width="12" height="12" aria-hidden="true">
        <rect width="12" height="12" rx="3" fill={colourOf(props.id).stroke} />
      </svg>
      <Select label="Colour of the run" isLabelHidden value={chosen === undefined ? "" : String(chosen)} options={options} onChange={choose} />
    </span>
  );
}

function TagDialog(props: { readonly onClose: () => void; readonly onSave: (key: string, value: string) => void }): JSX.Element {
  const [key, setKey] = useState("");
  const [value, setValue] = useState("");
  return (
    <FormDialog title="Tag the run" submit="Tag" isReady={key.trim() !== ""} onSubmit={() => props.onSave(key.trim(), value)} onClose={props.onClose}>
      <TextField label="Key" value={key} onInput={setKey} autoFocus />
      <TextField label="Value (may be empty)" value={value} onInput={setValue} />
    </FormDialog>
  );
}

function EndDialog(props: { readonly onClose: () => void; readonly onEnd: (state: EndName) => void }): JSX.Element {
  const [state, setState] = useState<EndName>("completed");
  return (
    <FormDialog title="End the run" submit="End it" onSubmit={() => props.onEnd(state)} onClose={props.onClose}>
      <p class="soft">Whoever still logs to it is refused from then on. It can be taken back.</p>
      <Select
        label="How it ended"
        value={state}
        options={[
          ["completed", "completed"],
          ["failed", "failed"],
          ["cancelled", "cancelled"],
        ]}
        onChange={setState}
      />
    </FormDialog>
  );
}
