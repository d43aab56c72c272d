/**
 * Actions that are known before their page.
 *
 * Invariants: they are what the pages offer, and every page's are among them; what can be done by a command names it.
 */
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parseSync } from "vite";
import { expect, test } from "vitest";

import { LISTED } from "./action-list";
import { knownActions } from "./actions";

const SOURCES = fileURLToPath(new URL("..", import.meta.url));
/** Actions of the shell are offered from the beginning; parts of a comparison come and go with what is compared. */
const ELSEWHERE = /^(shell|pages\/compare)\//;
/** Parts of ids and titles that are made when the program runs, and what they can be. */
const MADE: Readonly<Record<string, readonly Readonly<Record<string, string>>[]>> = {
  "pages/datasets/things-page.tsx": [{ kind: "datasets", word: "dataset" }, { kind: "models", word: "model" }],
  "pages/datasets/thing-head.tsx": [{ kind: "datasets", word: "dataset" }, { kind: "models", word: "model" }],
  "parts/split.tsx": [{ at: "end", "props.name": "charts", keys: "]" }],
};
/** What is only of the screen: there is nothing on the command line that it would be. */
const OF_THE_SCREEN = ["theme", "density", "media.blink", "side.end", "lineage.timeline"];

interface Offered {
  readonly id: string;
  readonly title: string;
  readonly keys: string;
  readonly hasCommand: boolean;
}

interface Node {
  readonly type: string;
  readonly start: number;
  readonly end: number;
  readonly properties?: readonly { readonly type: string; readonly key?: { readonly name?: string }; readonly value?: Node; readonly argument?: Node }[];
  readonly value?: unknown;
}

/** The actions that a source offers: every object with an id, a title and something that is run. */
function offeredIn(name: string): Offered[] {
  const text = readFileSync(`${SOURCES}/${name}`, "utf8");
  const found: Offered[] = [];
  const look = (node: unknown): void => {
    if (typeof node !== "object" || node === null) return;
    if (Array.isArray(node)) return node.forEach(look);
    const one = node as Node;
    if (one.type === "ObjectExpression") found.push(...actionsOf(name, text, one));
    Object.values(one).forEach(look);
  };
  look(parseSync(name, text).program);
  return found;
}

function actionsOf(name: string, text: string, node: Node): Offered[] {
  const parts = new Map(node.properties?.map((part) => [part.key?.name ?? text.slice(part.argument?.start, part.argument?.end), part.value]));
  if (!parts.has("id") || !parts.has("title") || !parts.has("run")) return [];
  const hasCommand = [...parts.keys()].some((part) => part === "cli" || part.startsWith("cliOf("));
  return (MADE[name] ?? [{}]).map((made) => {
    const textOf = (part: string): string => {
      const value = parts.get(part);
      if (value?.type === "Literal") return String(value.value);
      if (value?.type !== "TemplateLiteral") return made[part] ?? "";
      return text.slice(value.start + 1, value.end - 1).replace(/\$\{([^}]+)\}/g, (_, word: string) => made[word] ?? `{${word}}`);
    };
    return { id: textOf("id"), title: textOf("title"), keys: textOf("keys"), hasCommand };
  });
}

const files = readdirSync(SOURCES, { recursive: true, encoding: "utf8" }).filter((name) => /\.tsx?$/.test(name) && !/\.test\.|state\/action/.test(name));
const all = files.flatMap((name) => offeredIn(name).map((action) => ({ name, action })));
const pages = all.filter(({ name }) => !ELSEWHERE.test(name));
const told = ({ id, title, keys }: { id: string; title: string; keys?: string }): string => `${id} | ${title} | ${keys ?? ""}`;

test("each stands on a page with the same title and keys", () => {
  const offered = new Set(all.map(({ action }) => told(action)));
  expect(LISTED.map(told).filter((one) => !offered.has(one))).toEqual([]);
});

test("each that a page offers is listed, once", () => {
  // What is done to datasets and to models has one entry.
  const named = ({ id, keys }: { id: string; keys?: string }): string => `${id} | ${keys ?? ""}`;
  const listed = LISTED.map(named);
  const offered = pages.map(({ action }) => named(action));
  expect(offered.length).toBeGreaterThan(40);
  expect([...new Set(offered)].filter((one) => !listed.includes(one))).toEqual([]);
  const ids = LISTED.map(({ id }) => id);
  expect(ids.filter((id, at) => ids.indexOf(id) !== at)).toEqual([]);
});

test("each has a command, unless there is none that does the same", () => {
  const without = all.filter(({ name, action }) => !name.startsWith("pages/compare/") && !action.hasCommand).map(({ action }) => action.id);
  expect([...new Set(without)].filter((id) => !OF_THE_SCREEN.includes(id))).toEqual([]);
  // Nothing stays among the exceptions that has become a command.
  expect(OF_THE_SCREEN.filter((id) => !without.includes(id))).toEqual([]);
});

test("each is known at once, and can be done only where it is offered", () => {
  const known = new Map(knownActions.value.map((action) => [action.id, action]));
  expect(LISTED.filter(({ id }) => known.get(id)?.when?.() !== false)).toEqual([]);
});
