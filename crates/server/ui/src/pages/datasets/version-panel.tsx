/**
 * One version of a dataset or a model: facts, files, details, tags, and how it is removed.
 *
 * Invariant: removing one is one call that can be taken back; while it may not be changed its controls say why.
 */
import type { ComponentChildren, JSX } from "preact";

import { Button, Panel } from "../../parts";
import { failed } from "../../state/undo";
import { JsonTree } from "../run/preview/json-tree";
import { TagsPanel } from "../run/tags";
import * as things from "./things";
import { VersionFilesView } from "./version-files";

/** What versions of datasets and of models have in common. */
export interface AnyVersion {
  readonly number: number;
  readonly version?: string | null;
  readonly tags: Readonly<Record<string, string>>;
  readonly time: string;
  readonly removed: boolean;
}

/** A name and what it is; nothing is shown of what is null. */
export type Fact = readonly [string, ComponentChildren];

interface Props {
  readonly kind: things.Kind;
  readonly name: string;
  readonly version: AnyVersion;
  readonly whyFixed: string | null;
  readonly reload: () => void;
  readonly facts: readonly Fact[];
  /** Values of any shape, below the files. */
  readonly details: readonly (readonly [string, unknown])[];
  readonly actions?: ComponentChildren;
  readonly children?: ComponentChildren;
}

export function VersionPanel(props: Props): JSX.Element {
  const { kind, name, version, whyFixed, reload } = props;
  const act = (work: Promise<unknown>, what: string): void => void work.then(reload, (error: unknown) => failed(what, error));
  const why = whyFixed === null ? {} : { title: whyFixed, disabled: true };
  const change = version.removed ? (
    <Button {...why} onClick={() => act(things.restoreVersion(kind, name, version.number), "Restore")}>
      Restore
    </Button>
  ) : (
    <Button kind="quiet" {...why} onClick={() => act(things.removeVersion(kind, name, version.number), "Remove")}>
      Remove
    </Button>
  );
  return (
    <>
      <Panel title={`Version ${version.number}`} actions={<span class="row">{props.actions}{change}</span>}>
        <Facts rows={props.facts} />
        {props.children}
        <VersionFilesView kind={kind} name={name} version={version.number} />
        {props.details.map(([title, value]) => value != null && <Details key={title} title={title} value={value} />)}
      </Panel>
      <TagsPanel
        title={`Tags of version ${version.number}`}
        tags={version.tags}
        whyFixed={whyFixed}
        onSet={(key, value) => things.editVersion(kind, name, version.number, { tags: { [key]: value } }, `Tagged v${version.number}`).then(reload)}
      />
    </>
  );
}

function Facts(props: { readonly rows: readonly Fact[] }): JSX.Element {
  return (
    <dl class="preview-pairs thing-facts">
      {props.rows
        .filter(([, value]) => value !== null)
        .map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
    </dl>
  );
}

function Details(props: { readonly title: string; readonly value: unknown }): JSX.Element {
  return (
    <details>
      <summary>{props.title}</summary>
      <div class="preview-tree">
        <JsonTree value={props.value} />
      </div>
    </details>
  );
}
