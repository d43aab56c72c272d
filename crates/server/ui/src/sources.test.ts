/** The house rules of these sources. Invariant: a rule that looked at nothing fails. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { parseSync } from "vite";
import { expect, test } from "vitest";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const LINES_MAX = 300;
const FUNCTION_LINES_MAX = 70;
/** Folders of one machine: a source that names one works on that machine alone. */
const MACHINE = /(?:^|[\s"'`(=])\/(?:tmp|home|root|work|Users|mnt|var\/folders)\//m;

function sources(): [string, string][] {
  const folders = ["src", "tests", "scripts"];
  const files = folders.flatMap((folder) =>
    readdirSync(join(ROOT, folder), { recursive: true, encoding: "utf8" }).map((name) => join(folder, name)),
  );
  const wanted = files.filter((name) => /\.(ts|tsx|mjs)$/.test(name) && !name.endsWith("api/types.ts"));
  return wanted.map((name) => [name, readFileSync(join(ROOT, name), "utf8")]);
}

test("every file says what it is for and what always holds, and is short", () => {
  const all = sources();
  expect(all.length).toBeGreaterThan(50);
  for (const [name, text] of all) {
    expect(text.startsWith("/**"), `${name} begins with its purpose`).toBe(true);
    expect(text.slice(0, text.indexOf("*/")), `${name} names its invariant`).toMatch(/Invariants?:/);
    expect(text.split("\n").length, `${name} is too long`).toBeLessThanOrEqual(LINES_MAX);
  }
});

test("texts of the store can never become HTML, and no type is given up", () => {
  const forbidden = ["inner" + "HTML", "outer" + "HTML", "insertAdjacent" + "HTML", "document" + ".write", "eval" + "("];
  for (const [name, text] of sources()) {
    for (const word of forbidden) expect(text.includes(word), `${name} has ${word}`).toBe(false);
    expect(/[:<,|&(] ?any\b(?! [a-z])/.test(text.replaceAll(/\/\*[^]*?\*\/|\/\/.*|"[^"\n]*"|`[^`]*`/g, "")), `${name} has the type any`).toBe(false);
  }
});

/** How many lines the longest function of a source has; what only holds the tests of a subject together is none. */
function longestFunction(name: string, text: string): number {
  let longest = 0;
  const look = (node: unknown, isGroup: boolean): void => {
    if (typeof node !== "object" || node === null) return;
    if (Array.isArray(node)) return node.forEach((each) => look(each, isGroup));
    const { type, start, end, callee } = node as { type?: string; start: number; end: number; callee?: { name?: string } };
    const isFunction = type === "FunctionDeclaration" || type === "FunctionExpression" || type === "ArrowFunctionExpression";
    if (isFunction && !isGroup) longest = Math.max(longest, text.slice(start, end).split("\n").length);
    const holds = type === "CallExpression" && callee?.name === "describe";
    for (const value of Object.values(node)) look(value, holds);
  };
  const { program, errors } = parseSync(name, text);
  expect(errors, `${name} can be read`).toEqual([]);
  look(program, false);
  return longest;
}

test("every function is short enough to be read at once", () => {
  for (const [name, text] of sources()) {
    // No function is longer than its file.
    if (text.split("\n").length <= FUNCTION_LINES_MAX) continue;
    expect(longestFunction(name, text), `the lines of the longest function of ${name}`).toBeLessThanOrEqual(FUNCTION_LINES_MAX);
  }
  expect(longestFunction("a.ts", `const a = () => {\n${"b();\n".repeat(70)}};`)).toBe(72);
  expect(longestFunction("a.ts", `describe("a", () => {\n${"b();\n".repeat(70)}});`)).toBe(0);
}, 60_000);

test("no source names a folder of the machine that it was written on", () => {
  for (const [name, text] of sources()) expect(MACHINE.test(text), `${name} names a folder of one machine`).toBe(false);
  expect(MACHINE.test('open("/' + 'home/anna/runs")')).toBe(true);
  expect(MACHINE.test("https://example.org/home/")).toBe(false);
});
