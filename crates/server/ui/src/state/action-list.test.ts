/** Actions that are known before their page. Invariant: they are what the pages offer, and no two differ in keys. */
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

import { LISTED } from "./action-list";
import { knownActions } from "./actions";

const SOURCES = fileURLToPath(new URL("..", import.meta.url));

test("each stands on a page with the same title and keys", () => {
  const files = readdirSync(SOURCES, { recursive: true, encoding: "utf8" }).filter((name) => /\.tsx?$/.test(name) && !/\.test\./.test(name));
  const text = files.map((name) => readFileSync(`${SOURCES}/${name}`, "utf8")).join("\n");
  const offered = [...text.matchAll(/\bid: "([\w.-]+)",\s*(?:changes: true,\s*)?title: "([^"]+)",\s*keys: "([^"]+)"/g)].map((found) => found.slice(1, 4).join(" | "));
  expect(LISTED.map(({ id, title, keys }) => `${id} | ${title} | ${keys}`).filter((one) => !offered.includes(one))).toEqual([]);
});

test("each is known at once, and can be done only where it is offered", () => {
  const known = new Map(knownActions.value.map((action) => [action.id, action]));
  expect(LISTED.filter(({ id }) => known.get(id)?.when?.() !== false)).toEqual([]);
});
