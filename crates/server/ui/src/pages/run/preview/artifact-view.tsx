/**
 * One artifact: what is known of it, whether its bytes are right, a look into it, the way to have it, and out of the way.
 *
 * Invariant: what was removed is told as removed wherever it is looked at.
 */
import type { JSX } from "preact";
import { useState } from "preact/hooks";

import type { Artifact } from "../../../api/types";
import { Button, bytesText, CopyMenu, Identifier, Name, Time } from "../../../parts";
import { failed } from "../../../state/undo";
import { href } from "../../../state/url";
import * as changes from "../../artifacts/changes";
import { literal, shellWord } from "../../compare/export";
import { useWhyFixed } from "../context";
import { Check } from "./check";
import { Download } from "./download";
import { FilePreview } from "./file-preview";
import { JsonTree } from "./json-tree";
import { nameOf, sourceOfArtifact } from "./source";

interface Props {
  readonly artifact: Artifact;
  readonly isAlone?: boolean;
  /** Told when it was removed or restored here. */
  readonly onChanged: () => void;
}

export function ArtifactView(props: Props): JSX.Element {
  const { artifact } = props;
  const source = sourceOfArtifact(artifact);
  const named = `${artifact.run.slice(-8)} ${shellWord(artifact.path)}`;
  return (
    <article class="preview" aria-label={artifact.path}>
      <header class="preview-head">
        <h2 class="preview-title">{props.isAlone === true ? <Name text={artifact.path} /> : <Name text={nameOf(artifact.path)} />}</h2>
        <div class="row">
          <Download source={source} />
          <Change artifact={artifact} onChanged={props.onChanged} />
          <CopyMenu
            link={() => location.origin + href(`/artifacts/${encodeURIComponent(artifact.id)}`)}
            cli={`mltrack artifact get ${named}`}
            python={`mltrack.open().artifact(${literal(artifact.run)}, ${literal(artifact.path)})`}
            rust={`let artifact = tracker.artifact(tracker.find_run(${literal(artifact.run)})?, ${literal(artifact.path)})?;`}
          />
        </div>
      </header>
      {artifact.removed && <p class="preview-warning">It was removed: {artifact.removed}. Restoring brings it back until gc purges it.</p>}
      <ArtifactFacts artifact={artifact} isAlone={props.isAlone === true} />
      <Check
        path={`/artifacts/${encodeURIComponent(artifact.id)}/check`}
        repair={
          <>
            A copy of these bytes repairs it: <code>mltrack artifact verify {artifact.run.slice(-8)} --repair URL</code>
          </>
        }
      />
      {artifact.metadata !== null && artifact.metadata !== undefined && (
        <details>
          <summary>Metadata</summary>
          <JsonTree value={artifact.metadata} />
        </details>
      )}
      <FilePreview source={source} />
    </article>
  );
}

function ArtifactFacts(props: { readonly artifact: Artifact; readonly isAlone: boolean }): JSX.Element {
  const { artifact } = props;
  return (
    <dl class="preview-pairs">
      <div>
        <dt>Size</dt>
        <dd title={`${artifact.bytes} bytes`}>{bytesText(artifact.bytes)}</dd>
      </div>
      <div>
        <dt>Kind</dt>
        <dd>
          {artifact.kind} · {artifact.media_type}
        </dd>
      </div>
      <div>
        <dt>Version</dt>
        <dd>
          {artifact.version}
          {artifact.step !== null && artifact.step !== undefined && `, step ${artifact.step}`}
        </dd>
      </div>
      <div>
        <dt>Logged</dt>
        <dd>
          <Time time={artifact.logged} /> <a href={href("/log", { at: artifact.lsn })}>lsn {artifact.lsn}</a>
        </dd>
      </div>
      <div>
        <dt>BLAKE3</dt>
        <dd>
          <Identifier id={artifact.blake3} short={`${artifact.blake3.slice(0, 16)}…`} />
        </dd>
      </div>
      <div>
        <dt>Run</dt>
        <dd>
          <a href={href(`/runs/${encodeURIComponent(artifact.run)}`, { tab: "artifacts", artifact: artifact.id })}>
            <Name text={artifact.run_name} />
          </a>
        </dd>
      </div>
      {!props.isAlone && (
        <div>
          <dt>Uses</dt>
          <dd>
            <a href={href("/lineage", { node: `artifact:${artifact.id}` })}>lineage</a>
          </dd>
        </div>
      )}
    </dl>
  );
}

/** What can be done to it, and why nothing can. */
function Change(props: { readonly artifact: Artifact; readonly onChanged: () => void }): JSX.Element {
  const { artifact, onChanged } = props;
  const whyFixed = useWhyFixed();
  const [isBusy, setBusy] = useState(false);
  const act = (work: (artifact: Artifact) => Promise<void>, what: string) => (): void => {
    setBusy(true);
    work(artifact)
      .then(onChanged, (error: unknown) => failed(what, error))
      .finally(() => setBusy(false));
  };
  const isFixed = whyFixed !== null || isBusy;
  return artifact.removed ? (
    <Button disabled={isFixed} title={whyFixed ?? "Bring it back"} onClick={act(changes.restore, "The artifact was not restored")}>
      Restore
    </Button>
  ) : (
    <Button kind="quiet" disabled={isFixed} title={whyFixed ?? "Remove it; it can be brought back until gc"} onClick={act(changes.remove, "The artifact was not removed")}>
      Remove
    </Button>
  );
}
