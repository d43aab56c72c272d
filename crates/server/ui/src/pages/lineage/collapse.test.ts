/** Which things are drawn together. Invariant: nothing gets lost on the way into groups. */
import { describe, expect, it } from "vitest";

import { collapse, groupKeys } from "./collapse";
import { inWords, countKinds, linked, pathBetween, reach, pageOf, type Dependence, type Kind, type Thing } from "./graph";

function thing(kind: Kind, name: string): Thing {
  return { reference: `${kind}:${name}`, kind, name, state: "present", created: null, depth: 0 };
}

function edge(from: number, to: number, kind: string): Dependence {
  return { from, to, kind, note: "" };
}

/** A dataset whose runs each made a file: thirty of them in one experiment, twenty in another. */
function sweep() {
  const things = [thing("dataset_version", "digits v1"), thing("experiment", "cats"), thing("experiment", "dogs")];
  const edges: Dependence[] = [];
  for (let number = 0; number < 50; number += 1) {
    const run = things.push(thing("run", `run ${number}`)) - 1;
    const file = things.push(thing("artifact", `file ${number}`)) - 1;
    edges.push(edge(0, run, "uses_dataset"), edge(number < 30 ? 1 : 2, run, "contains"), edge(run, file, "produces"));
  }
  return linked(things, edges);
}

describe("collapse", () => {
  it("puts what hangs in the graph alike into one group", () => {
    const graph = sweep();
    const shown = collapse(graph, "equal", new Set(), new Set([0]));
    const labels = shown.nodes.map(({ label }) => label).sort();
    expect(labels).toEqual(["20 artifacts", "20 runs", "30 artifacts", "30 runs", "cats", "digits v1", "dogs"]);
    expect(shown.nodes.flatMap(({ members }) => members).sort((a, b) => a - b)).toEqual(graph.things.map((_, at) => at));
    const dataset = shown.nodeOf[0];
    expect(shown.edges.filter(({ from }) => from === dataset).map(({ count }) => count).sort()).toEqual([20, 30]);
  });

  it("opens a group by its key and leaves the others", () => {
    const graph = sweep();
    const shut = collapse(graph, "equal", new Set(), new Set());
    const runs = shut.nodes.find(({ label }) => label === "20 runs");
    const shown = collapse(graph, "equal", new Set([runs?.group ?? ""]), new Set());
    expect(shown.nodes.filter(({ kind }) => kind === "run")).toHaveLength(21);
    expect(groupKeys(shown)).toHaveLength(groupKeys(shut).length - 1);
  });

  it("puts everything of a kind together, or nothing", () => {
    const graph = sweep();
    const byKind = collapse(graph, "kind", new Set(), new Set());
    expect(byKind.nodes.map(({ label }) => label).sort()).toEqual(["50 artifacts", "50 runs", "cats", "digits v1", "dogs"]);
    const all = collapse(graph, "none", new Set(), new Set());
    expect(all.nodes).toHaveLength(graph.things.length);
    expect(all.edges).toHaveLength(graph.edges.length);
  });

  it("keeps a thing that is asked for by itself", () => {
    const shown = collapse(sweep(), "equal", new Set(), new Set([3]));
    expect(shown.nodes.find(({ members }) => members[0] === 3)?.label).toBe("run 0");
  });
});

describe("a graph", () => {
  it("tells what lies before and behind a thing, and the way there", () => {
    const graph = sweep();
    expect(reach(graph, [4], "up")).toEqual(new Set([4, 3, 0, 1]));
    expect(reach(graph, [0], "down").size).toBe(101);
    expect(pathBetween(graph, 0, 4)).toEqual([0, 3, 4]);
    expect(pathBetween(graph, 4, 0)).toEqual([4, 3, 0]);
    expect(pathBetween(graph, 1, 2)).toEqual([]);
    expect(inWords(countKinds(graph.things))).toBe("2 experiments, 1 dataset version, 50 runs, 50 artifacts");
  });

  it("ends in a cycle", () => {
    const graph = linked([thing("run", "a"), thing("run", "b")], [edge(0, 1, "x"), edge(1, 0, "x"), edge(0, 7, "x")]);
    expect(reach(graph, [0], "down").size).toBe(2);
    expect(graph.edges).toHaveLength(2);
  });

  it("leads to the pages of things that have one", () => {
    expect(pageOf({ reference: "run:01ab", kind: "run", name: "x" })).toBe("/runs/01ab");
    expect(pageOf({ reference: "dataset:dataset-01@v3", kind: "dataset_version", name: "x" })).toBe("/datasets/dataset-01");
    expect(pageOf({ reference: "external:https://e.org", kind: "external", name: "x" })).toBeNull();
  });
});
