/**
 * What a run was made of and what was made of it, as a list that leads on.
 *
 * Invariant: the direction of every line is said in words; a list that was cut says so.
 */
import type { JSX } from "preact";

import { get } from "../../api/client";
import { useResource } from "../../api/resource";
import type { Lineage, Node } from "../../api/types";
import { Badge, CopyMenu, counted, Empty, Failure, Name, Panel, Skeleton } from "../../parts";
import { href } from "../../state/url";
import { cli } from "./changes";
import { useRun } from "./context";

const LIMIT = 500;

export function LineageTab(): JSX.Element {
  const { run } = useRun();
  return (
    <div class="run-lineage">
      <p class="row">
        <a class="button" href={href("/lineage", { node: `run:${run.id}` })}>
          Open the graph
        </a>
        <CopyMenu label="Copy the lineage as" cli={() => cli.lineage(run)} />
      </p>
      <div class="run-lineage-sides">
        <Side direction="up" title="Made of" none="It took in nothing that was logged." />
        <Side direction="down" title="Made of it" none="Nothing was made of it yet." />
      </div>
    </div>
  );
}

function Side(props: { readonly direction: "up" | "down"; readonly title: string; readonly none: string }): JSX.Element {
  const { run } = useRun();
  const path = `/lineage/${encodeURIComponent(`run:${run.id}`)}`;
  const loaded = useResource<Lineage>(`${path} ${props.direction}`, (signal) => get<Lineage>(path, { direction: props.direction, limit: LIMIT }, { signal }));
  const known = loaded.value.value;
  const others = known?.nodes.filter((node) => node.depth > 0) ?? [];
  const own = `mltrack/`;
  const shown = others.filter((node) => node.kind !== "artifact" || !node.name.includes(`/${own}`));
  const first = known?.nodes.findIndex((node) => node.depth === 0) ?? -1;
  return (
    <Panel title={known ? `${props.title} (${shown.length}${known.is_cut ? "+" : ""})` : props.title}>
      {loaded.error.value && <Failure error={loaded.error.value} onRetry={loaded.reload} />}
      {!known && !loaded.error.value && <Skeleton lines={4} />}
      {known && shown.length === 0 && (
        <Empty title={props.none} lines={props.direction === "up" ? [{ title: "Python", text: 'run.use_artifact("digits:latest", type="dataset")' }] : []} />
      )}
      <ul class="run-nodes">
        {shown.slice(0, 300).map((node) => (
          <li key={node.node}>
            <NodeLine node={node} words={known ? wordsOf(known, node, first, props.direction) : ""} />
          </li>
        ))}
      </ul>
      {known?.is_cut === true && <p class="soft">The list ends at {counted(LIMIT, "thing")}: the graph has all of them.</p>}
    </Panel>
  );
}

/** What leads from the run to a node that is next to it. */
function wordsOf(lineage: Lineage, node: Node, run: number, direction: "up" | "down"): string {
  const at = lineage.nodes.indexOf(node);
  const edge = lineage.edges.find((each) => (direction === "up" ? each.from === at && each.to === run : each.from === run && each.to === at));
  if (!edge) return node.depth === 1 ? "" : `${node.depth} steps away`;
  const note = edge.note === "" ? "" : ` (${edge.note})`;
  return `${edge.kind.replaceAll("_", " ")}${note}`;
}

/** Where a node of the graph has its page. */
export function placeOfNode(node: Pick<Node, "node" | "kind" | "name">): string {
  const id = node.node.slice(node.node.indexOf(":") + 1);
  const name = encodeURIComponent(node.name.replace(/ v\d+$/, ""));
  switch (node.kind) {
    case "run":
      return href(`/runs/${encodeURIComponent(id)}`);
    case "experiment":
      return href(`/experiments/${encodeURIComponent(id)}`);
    case "artifact":
      return href(`/artifacts/${encodeURIComponent(id)}`);
    case "dataset":
    case "dataset_version":
      return href(`/datasets/${name}`);
    case "model":
    case "model_version":
      return href(`/models/${name}`);
    default:
      return href("/lineage", { node: node.node });
  }
}

function NodeLine(props: { readonly node: Node; readonly words: string }): JSX.Element {
  const { node } = props;
  return (
    <span class="run-node">
      <Badge>{node.kind.replaceAll("_", " ")}</Badge>
      <a href={placeOfNode(node)} class="run-node-name">
        <Name text={node.name} />
      </a>
      {node.state !== "present" && <Badge tone="warn">{node.state}</Badge>}
      <span class="soft small">{props.words}</span>
    </span>
  );
}
