/**
 * One artifact: its versions, who made it and who uses it, and a look into it.
 *
 * Invariant: the page of a version stays that version's, also when there is a newer one; it says so.
 */
import type { JSX } from "preact";

import { get } from "../../api/client";
import { useResource } from "../../api/resource";
import type { Artifact, Lineage } from "../../api/types";
import { useTicks } from "../../live/live";
import { Badge, bytesText, Empty, Failure, Name, Panel, Skeleton, Table, Time, type TableColumn } from "../../parts";
import { go, href } from "../../state/url";
import { useThrottled } from "../run/context";
import { placeOfNode } from "../run/lineage";
import { ArtifactView } from "../run/preview/artifact-view";
import { REMOVALS } from "./changes";
import { pagesUntil } from "./pages";
import "../run/parts/shared.css";
import "./artifacts.css";

const VERSIONS_MAX = 100_000;
const USES_MAX = 100;

export function ArtifactPage(props: { readonly id: string }): JSX.Element {
  const path = `/artifacts/${encodeURIComponent(props.id)}`;
  const loaded = useResource<Artifact>(path, (signal) => get<Artifact>(path, {}, { signal, pinned: false }));
  useTicks({}, (tick) => tick.events.some((event) => REMOVALS.has(event.type)) && loaded.reload());
  const artifact = loaded.value.value;
  if (!artifact) {
    const error = loaded.error.value;
    return (
      <div class="page">
        <h1>Artifact</h1>
        {error ? <Failure error={error} onRetry={loaded.reload} /> : <Skeleton lines={8} />}
        {error?.code === "NOT_FOUND" && (
          <Empty title="There is no such artifact" lines={[{ title: "Artifacts of the newest run", text: "mltrack artifact ls @last" }]}>
            <p class="soft">
              It may have been purged, or be in another store. <a href={href("/artifacts")}>All artifacts</a>
            </p>
          </Empty>
        )}
      </div>
    );
  }
  return (
    <div class="page">
      <p class="small">
        <a href={href("/artifacts")}>Artifacts</a> <span aria-hidden="true">/</span>{" "}
        <a href={href(`/runs/${encodeURIComponent(artifact.run)}`, { tab: "artifacts" })}>
          <Name text={artifact.run_name} />
        </a>
      </p>
      <h1 class="unseen">{artifact.path}</h1>
      <div class="artifacts-page">
        <ArtifactView artifact={artifact} isAlone onChanged={loaded.reload} />
        <div class="artifacts-side">
          <Versions artifact={artifact} />
          <Uses id={props.id} />
        </div>
      </div>
    </div>
  );
}

/** All versions of the file, the newest first; only those that are seen are drawn. */
function Versions(props: { readonly artifact: Artifact }): JSX.Element {
  const { artifact } = props;
  const path = `/runs/${encodeURIComponent(artifact.run)}/artifacts`;
  const asked = { path: artifact.path, versions: true, removed: true };
  const loaded = useResource(`${path} ${artifact.path}`, (signal) => pagesUntil<Artifact>((query) => get(path, { ...asked, ...query }, { signal }), null, [], VERSIONS_MAX, 200));
  const reload = useThrottled(loaded.reload, 2_000);
  useTicks({ run: artifact.run }, (tick) => tick.events.some((event) => event.type.startsWith("artifact")) && reload());
  const items = (loaded.value.value?.items ?? []).filter((item) => item.path === artifact.path).sort((one, other) => other.version - one.version);
  const columns: readonly TableColumn<Artifact>[] = [
    { key: "version", title: "Version", width: 120, grows: true, sticky: true, cell: (row) => <VersionCell row={row} isShown={row.id === artifact.id} isNewest={row === items[0]} /> },
    { key: "size", title: "Size", width: 84, align: "end", cell: (row) => bytesText(row.bytes) },
    { key: "logged", title: "Logged", width: 108, cell: (row) => <Time time={row.logged} /> },
  ];
  return (
    <section class="artifacts-versions" aria-label="Versions">
      <h2>
        Versions {items.length > 0 && <span class="soft">{items.length}</span>}
      </h2>
      {loaded.error.value && <Failure error={loaded.error.value} onRetry={loaded.reload} />}
      {items.length > 0 && (
        <Table
          label="Versions"
          columns={columns}
          rowCount={items.length}
          rowAt={(at) => items[at]}
          rowKey={(row) => row.id}
          isSelected={(row) => row.id === artifact.id}
          onOpen={(row) => go(href(`/artifacts/${encodeURIComponent(row.id)}`))}
          height="min(40vh, 300px)"
        />
      )}
    </section>
  );
}

function VersionCell(props: { readonly row: Artifact; readonly isShown: boolean; readonly isNewest: boolean }): JSX.Element {
  const { row } = props;
  return (
    <span class="artifacts-version">
      {props.isShown ? <strong>v{row.version}</strong> : <a href={href(`/artifacts/${encodeURIComponent(row.id)}`)}>v{row.version}</a>}
      {row.removed ? <Badge tone="warn">removed</Badge> : props.isNewest && <Badge>newest</Badge>}
    </span>
  );
}

function Uses(props: { readonly id: string }): JSX.Element {
  const path = `/lineage/${encodeURIComponent(`artifact:${props.id}`)}`;
  const loaded = useResource<Lineage>(path, (signal) => get<Lineage>(path, { depth: 1, limit: USES_MAX }, { signal }));
  const reload = useThrottled(loaded.reload, 5_000);
  useTicks({}, (tick) => tick.events.length > 0 && reload());
  const graph = href("/lineage", { node: `artifact:${props.id}` });
  const known = loaded.value.value;
  const others = known?.nodes.map((node, at) => ({ node, at })).filter(({ node }) => node.depth > 0) ?? [];
  return (
    <Panel title="Made by and used by" actions={<a href={graph}>graph</a>}>
      {loaded.error.value && <Failure error={loaded.error.value} onRetry={loaded.reload} />}
      {known && others.length === 0 && <p class="soft">Nothing is known to have made it or to use it.</p>}
      <ul>
        {others.map(({ node, at }) => {
          const edge = known?.edges.find((each) => each.from === at || each.to === at);
          return (
            <li key={node.node} class="artifacts-use">
              <Badge>{node.kind.replaceAll("_", " ")}</Badge>
              <a href={placeOfNode(node)}>
                <Name text={node.name} />
              </a>
              <span class="soft small">{edge?.kind.replaceAll("_", " ")}</span>
            </li>
          );
        })}
      </ul>
      {known?.is_cut && (
        <p class="soft">
          These are the nearest: <a href={graph}>the graph</a> has all of them.
        </p>
      )}
    </Panel>
  );
}
