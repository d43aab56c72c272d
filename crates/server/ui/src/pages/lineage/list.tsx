/**
 * The graph as a table: the same things, for everybody who reads rather than looks.
 *
 * Invariant: every thing of the answer is one row; what a row names beside it are the things one step away.
 */
import type { JSX } from "preact";
import { useMemo, useState } from "preact/hooks";

import { Name, Table, Time, type TableColumn } from "../../parts";
import { KIND_NAMES, neighbours, type Graph, type Thing } from "./graph";

type Sort = "kind" | "name" | "created" | "depth" | "before" | "behind";

interface Row {
  readonly place: number;
  readonly thing: Thing;
  readonly before: number;
  readonly behind: number;
}

export function List(props: {
  graph: Graph;
  find: string;
  chosen: number | null;
  onChoose: (reference: string) => void;
  onOpen: (thing: Thing) => void;
}): JSX.Element {
  const [sort, setSort] = useState<{ by: Sort; isDown: boolean }>({ by: "depth", isDown: false });
  const rows = useMemo(() => rowsOf(props.graph, props.find, sort), [props.graph, props.find, sort]);
  const by = (key: Sort) => ({
    sort: sort.by === key ? (sort.isDown ? ("desc" as const) : ("asc" as const)) : null,
    onSort: () => setSort((now) => ({ by: key, isDown: now.by === key && !now.isDown })),
  });
  const names = (place: number, way: "up" | "down"): JSX.Element => <Near graph={props.graph} place={place} way={way} />;
  const columns: TableColumn<Row>[] = [
    { key: "kind", title: "Kind", width: 150, ...by("kind"), cell: ({ thing }) => KIND_NAMES[thing.kind].one },
    {
      key: "name",
      title: "Name",
      width: 240,
      grows: true,
      ...by("name"),
      cell: ({ thing }) => (
        <button type="button" class="text-link" onClick={() => props.onChoose(thing.reference)}>
          <Name text={thing.name} class="cut" />
        </button>
      ),
    },
    { key: "state", title: "State", width: 90, cell: ({ thing }) => thing.state },
    { key: "created", title: "Created", width: 130, ...by("created"), cell: ({ thing }) => <Time time={thing.created} /> },
    { key: "depth", title: "Steps", width: 80, align: "end", ...by("depth"), cell: ({ thing }) => thing.depth },
    { key: "up", title: "Made of", width: 220, grows: true, ...by("before"), cell: ({ place }) => names(place, "up") },
    { key: "down", title: "Led to", width: 220, grows: true, ...by("behind"), cell: ({ place }) => names(place, "down") },
  ];
  return (
    <Table
      label="Things of the graph"
      columns={columns}
      rowCount={rows.length}
      rowAt={(index) => rows[index]}
      rowKey={(row) => row.thing.reference}
      isSelected={(row) => row.place === props.chosen}
      onOpen={(row) => props.onOpen(row.thing)}
      height="calc(100vh - 260px)"
    />
  );
}

function Near(props: { graph: Graph; place: number; way: "up" | "down" }): JSX.Element {
  const near = neighbours(props.graph, props.place, props.way);
  const first = near[0] === undefined ? undefined : props.graph.things[near[0]];
  if (first === undefined) return <span class="faint">–</span>;
  return (
    <span class="lineage-near">
      <Name text={first.name} class="cut" />
      {near.length > 1 && <span class="soft"> and {near.length - 1} more</span>}
    </span>
  );
}

function rowsOf(graph: Graph, find: string, sort: { by: Sort; isDown: boolean }): Row[] {
  const wanted = find.trim().toLowerCase();
  const rows = graph.things.map((thing, place): Row => {
    const [before, behind] = [graph.into[place]?.length ?? 0, graph.out[place]?.length ?? 0];
    return { place, thing, before, behind };
  });
  const kept = wanted === "" ? rows : rows.filter(({ thing }) => thing.name.toLowerCase().includes(wanted));
  const sign = sort.isDown ? -1 : 1;
  return kept.sort((a, b) => sign * compare(a, b, sort.by) || a.place - b.place);
}

function compare(a: Row, b: Row, by: Sort): number {
  switch (by) {
    case "kind":
      return a.thing.kind.localeCompare(b.thing.kind);
    case "name":
      return a.thing.name.localeCompare(b.thing.name);
    case "created":
      return (a.thing.created ?? "").localeCompare(b.thing.created ?? "");
    case "depth":
      return a.thing.depth - b.thing.depth;
    case "before":
      return a.before - b.before;
    case "behind":
      return a.behind - b.behind;
  }
}
