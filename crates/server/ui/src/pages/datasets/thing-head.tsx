/**
 * The head of a dataset's or a model's page: name, description, tags, and what can be done to it.
 *
 * Invariant: every action is a button and an entry of the palette at once, and says why when it may not be done.
 */
import type { JSX } from "preact";
import { useState } from "preact/hooks";

import { Badge, Button, Copyable, CopyMenu, Empty, Failure, Identifier, Menu, Name, Time } from "../../parts";
import type { ApiError } from "../../api/client";
import { useActions, type Action } from "../../state/actions";
import { failed } from "../../state/undo";
import { go, href } from "../../state/url";
import { literal, shellWord } from "../compare/export";
import { LongText } from "../run/overview";
import { TextDialog } from "../run/parts/form-dialog";
import * as things from "./things";
import type { Kind } from "./things";

export interface Thing {
  readonly id: string;
  readonly name: string;
  readonly description: string;
  readonly tags: Readonly<Record<string, string>>;
  readonly created: string;
  readonly actor: string;
  readonly deleted: boolean;
}

interface HeadProps {
  readonly kind: Kind;
  readonly thing: Thing;
  readonly whyFixed: string | null;
  readonly reload: () => void;
}

type Open = "rename" | "describe" | null;
type Act = (work: Promise<unknown>, what: string, after?: () => void) => void;

export function ThingHead(props: HeadProps): JSX.Element {
  const { kind, thing, whyFixed } = props;
  const [open, setOpen] = useState<Open>(null);
  const act: Act = (work, what, after = props.reload) => {
    setOpen(null);
    work.then(after, (error: unknown) => failed(what, error));
  };
  const actions = actionsOf(props, setOpen, act);
  useActions(actions);
  return (
    <header class="thing-head">
      <p class="small">
        <a href={href(`/${kind}`)}>{kind === "datasets" ? "Datasets" : "Models"}</a>
      </p>
      <div class="page-head">
        <h1 class="thing-title">
          <Name text={thing.name} />
        </h1>
        <HeadButtons kind={kind} thing={thing} actions={actions} />
      </div>
      <p class="row soft">
        {thing.deleted && <Badge tone="bad">deleted</Badge>}
        <Identifier id={thing.id} />
        <span>
          made <Time time={thing.created} />
          {thing.actor !== "" && " by "}
          {thing.actor !== "" && <Name text={thing.actor} />}
        </span>
        {whyFixed !== null && <span class="faint">{whyFixed}</span>}
      </p>
      {thing.description !== "" && (
        <p class="thing-description">
          <LongText text={thing.description} kind="words" />
        </p>
      )}
      {open !== null && <HeadDialog kind={kind} thing={thing} open={open} act={act} onClose={() => setOpen(null)} />}
    </header>
  );
}

function actionsOf(props: HeadProps, setOpen: (open: Open) => void, act: Act): Action[] {
  const { kind, thing, whyFixed } = props;
  const word = things.WORD[kind];
  const named = shellWord(thing.name);
  const may = (): boolean => whyFixed === null && !thing.deleted;
  return [
    { id: "thing.rename", title: `Rename this ${word}`, keys: "r", cli: () => `mltrack ${word} tag ${named} --rename NAME`, when: may, run: () => setOpen("rename") },
    { id: "thing.describe", title: `Describe this ${word}`, cli: () => `mltrack ${word} tag ${named} --description TEXT`, when: may, run: () => setOpen("describe") },
    { id: "thing.delete", title: `Delete this ${word}`, keys: "Delete", cli: () => `mltrack ${word} rm ${named}`, when: may, run: () => act(things.remove(kind, thing.name), "Delete") },
    { id: "thing.restore", title: `Restore this ${word}`, cli: () => `mltrack ${word} restore ${named}`, when: () => whyFixed === null && thing.deleted, run: () => act(things.restore(kind, thing.name), "Restore") },
  ];
}

/** What can be done now: to bring it back as a button, the rest behind one. */
function HeadButtons(props: { readonly kind: Kind; readonly thing: Thing; readonly actions: readonly Action[] }): JSX.Element {
  const { kind, thing } = props;
  const word = things.WORD[kind];
  const can = props.actions.filter((action) => action.when?.() ?? true);
  const restore = can.find((action) => action.id === "thing.restore");
  const rest = can.filter((action) => action !== restore);
  return (
    <div class="row">
      <a class="button" href={href("/lineage", { node: `${word}:${thing.id}` })}>
        Lineage
      </a>
      {rest.length > 0 && (
        <Menu label="More" items={rest.map((action) => ({ title: action.title, onChoose: () => void action.run(), ...(action.keys ? { keys: action.keys } : {}) }))} />
      )}
      {restore && (
        <Button kind="primary" onClick={() => void restore.run()}>
          Restore
        </Button>
      )}
      <CopyMenu
        link={() => location.href}
        cli={`mltrack ${word} show ${shellWord(thing.name)}`}
        python={`[each for each in mltrack.open().${kind}() if each["name"] == ${literal(thing.name)}][0]`}
        rust={`let ${word} = tracker.${word}(${literal(thing.name)})?;`}
      />
    </div>
  );
}

function HeadDialog(props: { readonly kind: Kind; readonly thing: Thing; readonly open: "rename" | "describe"; readonly act: Act; readonly onClose: () => void }): JSX.Element {
  const { kind, thing, act, onClose } = props;
  const word = things.WORD[kind];
  const short = thing.name.slice(0, 40);
  if (props.open === "describe") {
    return (
      <TextDialog
        title={`Describe the ${word}`}
        label="Description"
        value={thing.description}
        isLong
        mayBeEmpty
        onClose={onClose}
        onSave={(description) => act(things.edit(kind, thing.name, { description }, `Described ${short}`), "Describe")}
      />
    );
  }
  // Its page is at another address from then on.
  const rename = (name: string): void =>
    act(things.edit(kind, thing.name, { name }, `Renamed ${short}`), "Rename", () => go(href(`/${kind}/${encodeURIComponent(name)}`), { replace: true }));
  return <TextDialog title={`Rename the ${word}`} label="Name" value={thing.name} onClose={onClose} onSave={rename} />;
}

/** What a page says of a thing that is not there: how it comes back, or how one is made. */
export function MissingThing(props: { readonly kind: Kind; readonly name: string; readonly error: ApiError; readonly whyFixed: string | null; readonly reload: () => void }): JSX.Element {
  const { kind, name, error } = props;
  const word = things.WORD[kind];
  const isDeleted = error.hint?.includes("deleted") === true;
  const restore = (): void => {
    things.restore(kind, name).then(props.reload, (failure: unknown) => failed("Restore", failure));
  };
  return (
    <div class="page">
      <h1 class="name" dir="auto">
        {name.slice(0, 300)}
      </h1>
      {error.code !== "NOT_FOUND" && <Failure error={error} onRetry={props.reload} />}
      {error.code === "NOT_FOUND" && isDeleted && (
        <Empty title={`This ${word} is deleted`}>
          <p class="soft">It comes back as it was until it is purged.</p>
          <Button kind="primary" disabled={props.whyFixed !== null} {...(props.whyFixed === null ? {} : { title: props.whyFixed })} onClick={restore}>
            Restore it
          </Button>
        </Empty>
      )}
      {error.code === "NOT_FOUND" && !isDeleted && (
        <Empty title={`There is no such ${word}`}>
          <Copyable title="the command" text={`mltrack ${word} ls`} />
          <p class="soft">
            <a href={href(`/${kind}`)}>All {kind}</a>
          </p>
        </Empty>
      )}
    </div>
  );
}
