/**
 * What is done to runs from here: each change with its command form, its words for the bar, and its way back.
 *
 * Invariant: a change of several runs is one operation, so one undo takes back all of it.
 */
import { signal, type ReadonlySignal } from "@preact/signals";

import { patch, post } from "../../api/client";
import { grouped } from "../../parts/number";
import { did, say } from "../../state/undo";
import { clear } from "../../state/selection";
import { shellText } from "./forms";
import type { BulkForm } from "./wire";

const count = signal(0);

/** Counts what was done to runs from here, undos included: whoever shows runs asks anew. */
export const changes: ReadonlySignal<number> = count;

function tell(text: string, lsn: number): void {
  count.value += 1;
  did(text, async () => {
    const { what } = await post<{ what: string }>("/undo", { lsn });
    count.value += 1;
    say(`Taken back: ${what}`);
  });
}

/** A change, as the interface takes it. */
export interface Change {
  readonly tags?: Readonly<Record<string, string | null>>;
  readonly note?: string;
  readonly deleted?: boolean;
}

/** What a bulk change is about: runs by id, or everything that a question means. */
export type About = { readonly runs: readonly string[] } | Readonly<Record<string, unknown>>;

/** Which runs a change would meet. Nothing is done. */
export function rehearse(about: About, change: Change, abort?: AbortSignal): Promise<BulkForm> {
  return post<BulkForm>("/runs/bulk", { ...about, change, dry_run: true }, abort === undefined ? {} : { signal: abort });
}

/** Does it, when as many runs are meant as were told. */
export async function apply(about: About, change: Change, expected?: number): Promise<BulkForm> {
  const body = { ...about, change, ...(expected === undefined ? {} : { expected }) };
  const done = await post<BulkForm>("/runs/bulk", body);
  if (done.lsn === null) say(`${counted(done.runs)}: nothing to change`);
  else tell(`${words(change)}: ${counted(done.changed ?? done.runs)}`, done.lsn);
  if (change.deleted === true) clear();
  return done;
}

/** Gives a run another name. */
export async function rename(id: string, name: string): Promise<void> {
  const { lsn } = await patch<{ lsn: number }>(`/runs/${encodeURIComponent(id)}`, { name });
  tell(`Renamed to ${name.slice(0, 60)}`, lsn);
}

/** A change in a few words. */
export function words(change: Change): string {
  if (change.deleted !== undefined) return change.deleted ? "Deleted" : "Restored";
  if (change.note !== undefined) return "Noted";
  const tags = Object.entries(change.tags ?? {});
  const removed = tags.filter(([, value]) => value === null).map(([key]) => key);
  const set = tags.filter(([, value]) => value !== null).map(([key, value]) => (value === "" ? key : `${key}=${value}`));
  const parts = [...(set.length > 0 ? [`Tagged ${set.join(", ")}`] : []), ...(removed.length > 0 ? [`untagged ${removed.join(", ")}`] : [])];
  const text = parts.join(", ").slice(0, 120);
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** The command that does the same. */
export function commandOf(about: About, change: Change, server: string): string {
  const isByRuns = "runs" in about && Array.isArray(about["runs"]);
  const ids = isByRuns ? (about["runs"] as string[]) : [];
  if (isByRuns && change.deleted !== undefined && ids.length > 0) {
    return ["mltrack", change.deleted ? "rm" : "restore", ...ids.map(shellText)].join(" ");
  }
  const body = JSON.stringify({ ...about, change });
  return `curl ${shellText(`${server}/api/v1/runs/bulk`)} -H 'content-type: application/json' -d ${shellText(body)}`;
}

/** The command that gives a run another name. */
export function renameCommand(id: string, server: string): string {
  const address = shellText(`${server}/api/v1/runs/${encodeURIComponent(id)}`);
  return `curl -X PATCH ${address} -H 'content-type: application/json' -d '{"name":"NAME"}'`;
}

export function counted(runs: number): string {
  return `${grouped(runs)} run${runs === 1 ? "" : "s"}`;
}

/** Tags as somebody writes them: `paper=v2 team="speech lab" baseline -old`; a minus takes one away. */
export function tagsOf(text: string): Record<string, string | null> {
  const tags: Record<string, string | null> = {};
  for (const found of text.matchAll(/(-?)([^\s=]+)(?:=(?:"([^"]*)"|(\S*)))?/g)) {
    const [, minus, key, quoted, plain] = found;
    if (key !== undefined) tags[key] = minus === "-" ? null : (quoted ?? plain ?? "");
  }
  return tags;
}
