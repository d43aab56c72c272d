/**
 * The most telling facts of an environment in groups, and its packages as one list.
 *
 * Invariant: documents of other versions and other programs are read as far as they go; nothing of them is believed to be
 * of any type before it was looked at.
 */
import type { Environment } from "../../api/types";
import { bytesText } from "../../parts/number";

export interface Group {
  readonly title: string;
  readonly facts: readonly (readonly [string, string])[];
}

export interface Package {
  readonly name: string;
  readonly version: string;
  readonly source: string;
}

/** What lies at a path of keys; undefined when something on the way is no object. */
export function at(value: unknown, path: string): unknown {
  let now: unknown = value;
  for (const key of path.split(".")) {
    if (typeof now !== "object" || now === null || !Object.hasOwn(now, key)) return undefined;
    now = (now as Record<string, unknown>)[key];
  }
  return now;
}

function text(value: unknown): string | null {
  if (value === undefined || value === null || value === "") return null;
  if (typeof value === "boolean") return value ? "yes" : "no";
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

const ROWS: readonly (readonly [string, readonly (readonly [string, string, "bytes"?])[]])[] = [
  [
    "Code",
    [
      ["Branch", "git.branch"],
      ["Commit", "git.commit"],
      ["Uncommitted changes", "git.dirty"],
      ["Remote", "git.remote"],
      ["Ahead", "git.ahead"],
      ["Behind", "git.behind"],
      ["Folder", "process.folder"],
    ],
  ],
  [
    "Program",
    [
      ["Command", "process.command"],
      ["Python", "python.version"],
      ["Rust", "rust.version"],
      ["CUDA", "cuda.version"],
      ["Driver", "driver.version"],
    ],
  ],
  [
    "Machine",
    [
      ["System", "os.name"],
      ["Version", "os.version"],
      ["Kernel", "os.kernel"],
      ["Architecture", "os.arch"],
      ["Processor", "cpu.model"],
      ["Cores", "cpu.cores"],
      ["Threads", "cpu.threads"],
      ["Memory", "memory.bytes", "bytes"],
      ["Memory limit", "cgroup.memory_bytes", "bytes"],
      ["Processor limit", "cgroup.cpus"],
      ["Container", "container.kind"],
      ["Image", "container.image"],
      ["Host", "host.name"],
    ],
  ],
];

function gpus(document: unknown): [string, string][] {
  const list = at(document, "gpu");
  if (!Array.isArray(list)) return [];
  return list.map((gpu: unknown, index) => {
    const memory = at(gpu, "memory_bytes");
    const name = text(at(gpu, "name")) ?? "unknown";
    return [`GPU ${text(at(gpu, "index")) ?? index}`, typeof memory === "number" ? `${name}, ${bytesText(memory)}` : name];
  });
}

function missing(document: unknown): [string, string][] {
  const list = at(document, "missing");
  if (!Array.isArray(list)) return [];
  return list.map((each: unknown) => [text(at(each, "what")) ?? "?", text(at(each, "why")) ?? ""]);
}

/** The facts in groups; empty groups are left out. */
export function factsOf(environment: Pick<Environment, "document" | "summary">): readonly Group[] {
  const { document } = environment;
  const groups = ROWS.map(([title, rows]): Group => {
    const facts = rows.flatMap(([name, path, unit]): [string, string][] => {
      const value = at(document, path) ?? (Object.hasOwn(environment.summary, path) ? environment.summary[path] : undefined);
      const shown = unit === "bytes" && Number.isFinite(Number(value)) ? bytesText(Number(value)) : text(value);
      return shown === null ? [] : [[name, shown]];
    });
    return { title, facts: title === "Machine" ? [...facts, ...gpus(document)] : facts };
  });
  const gaps = missing(document);
  if (gaps.length > 0) groups.push({ title: "Not known, and why", facts: gaps });
  return groups.filter((group) => group.facts.length > 0);
}

/** The packages of all sources, by name. */
export function packagesOf(dependencies: unknown): readonly Package[] {
  const sources = at(dependencies, "sources");
  if (!Array.isArray(sources)) return [];
  const packages = sources.flatMap((source: unknown): Package[] => {
    const list = at(source, "packages");
    if (typeof list !== "object" || list === null) return [];
    const from = [text(at(source, "kind")), text(at(source, "path"))].filter((part) => part !== null).join(" · ");
    return Object.entries(list).map(([name, version]) => ({ name, version: text(version) ?? "", source: from }));
  });
  return packages.sort((one, other) => one.name.localeCompare(other.name, "en"));
}
