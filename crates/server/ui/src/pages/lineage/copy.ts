/**
 * The graph for other programs: Mermaid for Markdown, DOT for Graphviz, the command that shows the same.
 *
 * Invariant: whatever stands in a name, the text is one that the program reads: a name can neither end a label nor add
 * nodes.
 */
import type { Graph } from "./graph";

/** A flowchart for Mermaid. */
export function toMermaid(graph: Graph): string {
  const lines = ["flowchart LR"];
  graph.things.forEach((thing, at) => lines.push(`  n${at}["${mermaid(titleOf(thing))}"]`));
  for (const { from, to, kind, note } of graph.edges) {
    lines.push(`  n${from} -->|"${mermaid(labelOf(kind, note))}"| n${to}`);
  }
  return `${lines.join("\n")}\n`;
}

/** A digraph for Graphviz. */
export function toDot(graph: Graph): string {
  const lines = ["digraph lineage {", "  rankdir=LR;", "  node [shape=box];"];
  graph.things.forEach((thing, at) => {
    const style = thing.state === "present" ? "" : ", style=dashed";
    lines.push(`  n${at} [label=${dot(titleOf(thing))}${style}];`);
  });
  for (const { from, to, kind, note } of graph.edges) {
    lines.push(`  n${from} -> n${to} [label=${dot(labelOf(kind, note))}];`);
  }
  return `${lines.join("\n")}\n}\n`;
}

/** The command that shows the same. */
export function toCommand(node: string, direction: string, depth: number | null, at: string | null): string {
  const words = ["mltrack", "lineage", shell(node)];
  if (direction !== "both") words.push(`--${direction}`);
  if (depth !== null) words.push("--depth", String(depth));
  if (at !== null) words.push("--at", shell(at));
  return words.join(" ");
}

function titleOf(thing: { kind: string; name: string; state: string }): string {
  const kind = thing.kind.replace("_version", "").replace("_", " ");
  return thing.state === "present" ? `${kind} ${thing.name}` : `${kind} ${thing.name} [${thing.state}]`;
}

function labelOf(kind: string, note: string): string {
  const words = kind.replaceAll("_", " ");
  return note === "" ? words : `${words}: ${note}`;
}

/** The inside of a quoted label of Mermaid, which knows entities by number and nothing else. */
function mermaid(text: string): string {
  let escaped = "";
  for (const character of text) {
    if (/\p{Cc}/u.test(character)) escaped += " ";
    else if (/[\p{L}\p{N} .,_/()+*!?=:@-]/u.test(character)) escaped += character;
    else escaped += `#${character.codePointAt(0) ?? 32};`;
  }
  return escaped;
}

/** A quoted string of DOT. */
function dot(text: string): string {
  return `"${text.replace(/\p{Cc}/gu, " ").replace(/["\\]/g, "\\$&")}"`;
}

/** A word of a shell. */
export function shell(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}
