/**
 * What a run keeps: a tree of files with sizes, and a look into the one that is chosen.
 *
 * Invariant: the chosen file is part of the address; of a run with very many files a page is asked for at a time.
 */
import type { JSX } from "preact";
import { useMemo, useState } from "preact/hooks";

import { get } from "../../api/client";
import { useResource } from "../../api/resource";
import type { Artifact, Page_Artifact } from "../../api/types";
import { useTicks } from "../../live/live";
import { bytesText, Copyable, counted, Empty, Failure, Name, Skeleton, Switch, TextField } from "../../parts";
import { flag, param, text } from "../../state/url";
import { REMOVALS } from "../artifacts/changes";
import { useRun } from "./context";
import { LineList } from "./parts/line-list";
import { ArtifactView } from "./preview/artifact-view";
import { rowsOf, treeOf, type TreeRow } from "./text/tree";

const chosen = param("artifact", text, "");
const withVersions = param("versions", flag, false);

type Filed = Artifact & { readonly path: string; readonly bytes: number };

export function ArtifactsTab(): JSX.Element {
  const { run } = useRun();
  const [pages, setPages] = useState(1);
  const [search, setSearch] = useState("");
  const versions = withVersions.signal.value;
  const loaded = useResource<{ items: Artifact[]; total: number; isAll: boolean }>(
    `artifacts ${run.id} ${versions} ${pages} ${run.state === "running" ? run.lsn : ""}`,
    (signal) => artifactsOf(run.id, versions, pages, signal),
  );
  useTicks({ run: run.id }, (tick) => tick.events.some((event) => REMOVALS.has(event.type)) && loaded.reload());
  const known = loaded.value.value;
  if (loaded.error.value && !known) return <Failure error={loaded.error.value} onRetry={loaded.reload} />;
  if (!known) return <Skeleton lines={6} />;
  if (known.total === 0) {
    return (
      <Empty
        title="No artifacts"
        lines={[
          { title: "Python", text: 'run.log_artifact("model.pt")' },
          { title: "Shell", text: `mltrack artifact put ${run.short} model.pt` },
        ]}
      >
        <p class="soft">Checkpoints, plots, tables, any file: what it keeps shows up here.</p>
      </Empty>
    );
  }
  const found = search === "" ? known.items : known.items.filter((item) => item.path.toLowerCase().includes(search.toLowerCase()));
  const file = known.items.find((item) => item.id === chosen.signal.value) ?? known.items.find((item) => item.path === chosen.signal.value);
  return (
    <div class="run-artifacts">
      <div class="run-artifacts-list">
        <div class="row">
          <TextField label="Find a file" isLabelHidden type="search" placeholder="Find a file" value={search} onInput={setSearch} />
          <Switch label="All versions" isOn={versions} onChange={(isOn) => withVersions.set(isOn)} />
        </div>
        <p class="soft small">
          {counted(known.total, "file")}, {bytesText(known.items.reduce((sum, item) => sum + item.bytes, 0))}
          {!known.isAll && ` in the first ${known.items.length}`}
        </p>
        <Tree items={found} chosen={file?.id ?? ""} />
        {!known.isAll && (
          <button type="button" class="run-more" onClick={() => setPages(pages + 5)}>
            Load more
          </button>
        )}
      </div>
      <div class="run-artifacts-look">
        {file ? <ArtifactView key={file.id} artifact={file} onChanged={loaded.reload} /> : <p class="soft run-hint">Choose a file to look into it.</p>}
        {!file && <Copyable title="the command for all of them" text={`mltrack artifact get ${run.short} --into artifacts`} />}
      </div>
    </div>
  );
}

async function artifactsOf(run: string, versions: boolean, pages: number, signal: AbortSignal): Promise<{ items: Artifact[]; total: number; isAll: boolean }> {
  const items: Artifact[] = [];
  let cursor: string | null = null;
  let total = 0;
  for (let page = 0; page < pages; page += 1) {
    const query: Record<string, string | number | boolean | null> = { limit: 1000, versions: versions ? true : null, cursor };
    const answer: Page_Artifact = await get<Page_Artifact>(`/runs/${encodeURIComponent(run)}/artifacts`, query, { signal });
    items.push(...(answer.items as Artifact[]));
    total = answer.total;
    cursor = answer.next ?? null;
    if (cursor === null) break;
  }
  return { items, total, isAll: cursor === null };
}

function Tree(props: { readonly items: readonly Filed[]; readonly chosen: string }): JSX.Element {
  const [closed, setClosed] = useState<ReadonlySet<string>>(new Set(["mltrack"]));
  const tree = useMemo(() => treeOf(props.items), [props.items]);
  const rows = useMemo(() => rowsOf(tree, closed), [tree, closed]);
  const turn = (path: string): void => {
    const next = new Set(closed);
    if (!next.delete(path)) next.add(path);
    setClosed(next);
  };
  if (rows.length === 0) return <p class="soft">No file has these letters.</p>;
  return (
    <LineList
      label="Files"
      class="run-tree"
      count={rows.length}
      height={28}
      rowsMax={24}
      keyOf={(at) => rows[at]?.file?.id ?? rows[at]?.path ?? at}
      render={(at) => <TreeLine row={rows[at]} chosen={props.chosen} onTurn={turn} />}
    />
  );
}

function TreeLine(props: { readonly row: TreeRow<Filed> | undefined; readonly chosen: string; readonly onTurn: (path: string) => void }): JSX.Element | null {
  const { row } = props;
  if (!row) return null;
  const { file } = row;
  const style = { paddingInlineStart: `${8 + row.depth * 16}px` };
  if (!file) {
    return (
      <button type="button" class="run-tree-row" style={style} aria-expanded={row.isOpen} onClick={() => props.onTurn(row.path)}>
        <span aria-hidden="true" class="run-tree-sign">
          {row.isOpen ? "▾" : "▸"}
        </span>
        <Name text={`${row.name}/`} class="cut run-tree-name" />
        <span class="faint small">{counted(row.count, "file")}</span>
        <span class="soft small run-tree-size">{bytesText(row.bytes)}</span>
      </button>
    );
  }
  return (
    <button type="button" class="run-tree-row" style={style} aria-current={file.id === props.chosen ? "true" : undefined} onClick={() => chosen.set(file.id)}>
      <span aria-hidden="true" class="run-tree-sign" />
      <Name text={row.name} class="cut run-tree-name" />
      {file.version > 1 && <span class="faint small">v{file.version}</span>}
      {file.step !== null && file.step !== undefined && <span class="faint small">step {file.step}</span>}
      <span class="soft small run-tree-size">{bytesText(file.bytes)}</span>
    </button>
  );
}
