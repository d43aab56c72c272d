/**
 * The code of two runs: their commits, and what the patches of their working trees differ in.
 *
 * Invariant: equal patches on different commits are not called the same code.
 */
import type { JSX } from "preact";

import { get } from "../../api/client";
import { useResource } from "../../api/resource";
import type { Artifact, Environment, Page_Artifact } from "../../api/types";
import { Badge, Copyable, Empty, Failure, Skeleton } from "../../parts";
import { sourceOfArtifact, startOf } from "../run/preview/source";
import { DifferenceList } from "./difference-list";
import type { Member } from "./load";
import type { ViewProps } from "./page";
import { PairBar, pairOf, type Pair } from "./pair";

const BYTES_MAX = 1 << 20;

interface Code {
  readonly commit: string | null;
  readonly lines: readonly string[];
  readonly isCut: boolean;
}

async function codeOf(run: Member, signal: AbortSignal): Promise<Code> {
  const path = `/runs/${encodeURIComponent(run.id)}`;
  const [environment, page] = await Promise.all([
    get<Environment>(`${path}/environment`, {}, { signal, pinned: false }).catch((error: unknown) => {
      if (signal.aborted) throw error;
      return null;
    }),
    get<Page_Artifact>(`${path}/artifacts`, { path: "mltrack/code.patch", limit: 1 }, { signal }),
  ]);
  const artifact = page.items[0] as Artifact | undefined;
  const commit = environment?.summary["git.commit"] ?? null;
  if (!artifact) return { commit, lines: [], isCut: false };
  const start = await startOf(sourceOfArtifact(artifact), BYTES_MAX, signal);
  const lines = new TextDecoder().decode(start.bytes).split("\n");
  // Hashes of blobs and places of hunks say nothing that the lines do not.
  return { commit, lines: lines.filter((line) => !line.startsWith("index ") && line !== ""), isCut: start.isPart };
}

export function PatchesView(props: ViewProps): JSX.Element {
  const pair = pairOf(props);
  if (!pair) return <Empty title="It takes two runs to compare code" />;
  return (
    <>
      <PairBar {...props} pair={pair} />
      <Codes key={pair.left.id + pair.right.id} pair={pair} />
    </>
  );
}

function Codes(props: { readonly pair: Pair }): JSX.Element {
  const { left, right } = props.pair;
  const loaded = useResource(`codes ${left.id} ${right.id}`, (signal) => Promise.all([codeOf(left, signal), codeOf(right, signal)]));
  if (loaded.error.value) return <Failure error={loaded.error.value} onRetry={loaded.reload} />;
  const known = loaded.value.value;
  if (!known) return <Skeleton lines={10} />;
  const [one, other] = known;
  const isSame = one.commit === other.commit;
  if (one.commit === null && other.commit === null) return <Empty title="No commit is known of either of them" />;
  return (
    <>
      <p class="row">
        <Badge tone={isSame ? "good" : "warn"}>{isSame ? "the same commit" : "different commits"}</Badge>
        <code class="small">{one.commit ?? "none"}</code>
        {!isSame && (
          <>
            <span aria-hidden="true">→</span>
            <code class="small">{other.commit ?? "none"}</code>
          </>
        )}
      </p>
      {!isSame && one.commit !== null && other.commit !== null && <Copyable title="the command that compares the commits" text={`git diff ${one.commit} ${other.commit}`} />}
      {(one.isCut || other.isCut) && <p class="soft">The first MiB of each patch is compared.</p>}
      {one.lines.length + other.lines.length === 0 ? (
        <p class="compare-same">Neither working tree had changes.</p>
      ) : (
        <DifferenceList label="Difference of the patches" left={one.lines} right={other.lines} />
      )}
    </>
  );
}
