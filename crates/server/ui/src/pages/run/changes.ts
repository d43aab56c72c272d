/**
 * What can be done to a run, and how it is taken back.
 *
 * Invariant: each change is one call, so one undo takes it back; the bar offers to undo that very operation.
 */
import { del, get, patch, post } from "../../api/client";
import type { Deletion, EndName, Run, RunChange } from "../../api/types";
import { quotedColumn } from "../../filter/lex";
import { did } from "../../state/undo";
import { shellWord } from "../compare/export";

type Named = Pick<Run, "id" | "name" | "short">;

function place(run: Named): string {
  return `/runs/${encodeURIComponent(run.id)}`;
}

function shortName(run: Named): string {
  return run.name.length > 40 ? `${run.name.slice(0, 40)}…` : run.name;
}

async function changed(run: Named, change: Partial<RunChange>, said: string): Promise<Run> {
  const now = await patch<Run>(place(run), change);
  did(said, { lsn: now.lsn });
  return now;
}

export function rename(run: Named, name: string): Promise<Run> {
  return changed(run, { name }, `Renamed ${shortName(run)}`);
}

export function setTag(run: Named, key: string, value: string | null): Promise<Run> {
  return changed(run, { tags: { [key]: value } }, value === null ? `Removed the tag ${key.slice(0, 60)}` : `Tagged ${shortName(run)}`);
}

export function addNote(run: Named, note: string): Promise<Run> {
  return changed(run, { note }, "Added a note");
}

/** A note is written once: changing it removes it and adds another, in one step. */
export function changeNote(run: Named, lsn: number, note: string): Promise<Run> {
  return changed(run, { remove_note: lsn, note }, "Changed a note");
}

export function removeNote(run: Named, lsn: number): Promise<Run> {
  return changed(run, { remove_note: lsn }, "Removed a note");
}

export async function end(run: Named, state: EndName): Promise<Run> {
  const now = await post<Run>(`${place(run)}/end`, { state });
  did(`Ended ${shortName(run)} as ${state}`, { lsn: now.lsn });
  return now;
}

/** How many runs a deletion would take along. */
export async function countOfDeletion(run: Named): Promise<number> {
  const deletion = await del<Deletion>(place(run), { dry_run: true });
  return deletion.runs;
}

export async function remove(run: Named): Promise<void> {
  const deletion = await del<Deletion>(place(run));
  did(`Deleted ${shortName(run)}`, deletion.lsn == null ? undefined : { lsn: deletion.lsn });
}

export async function restore(run: Named): Promise<void> {
  const now = await post<Run>(`${place(run)}/restore`, {});
  did(`Restored ${shortName(run)}`, { lsn: now.lsn });
}

/** The run before this one in its experiment, the best one by the goal, and its parent: what to compare it with. */
export async function neighbours(run: Run, goal: { metric: string; direction: "min" | "max" } | null): Promise<readonly Neighbour[]> {
  const experiment = String(run.experiment_id);
  const fields = "id,name,short,state";
  const found: Neighbour[] = [];
  const first = async (title: string, query: Record<string, string | number>): Promise<void> => {
    const page = await get<{ items: Named[] }>("/runs", { experiment, limit: 2, fields, ...query });
    const other = page.items.find((item) => item.id !== run.id);
    if (other && !found.some((known) => known.run.id === other.id)) found.push({ title, run: other });
  };
  if (run.parent) found.push({ title: "Parent", run: await get<Named>(`/runs/${encodeURIComponent(run.parent)}`, { fields }) });
  await first("Previous run", { sort: "-created", filter: `created < "${run.created}"` });
  if (goal) await first("Best run", { sort: `${goal.direction === "max" ? "-" : ""}${quotedColumn(goal.metric)}` });
  return found;
}

export interface Neighbour {
  readonly title: string;
  readonly run: Named;
}

/** A change by the interface, for what the command line has no word for. */
export function curl(method: string, path: string, body: unknown): string {
  const data = body === undefined ? "" : ` -H 'content-type: application/json' -d ${shellWord(JSON.stringify(body))}`;
  return `curl -X ${method} ${shellWord(`${location.origin}/api/v1${path}`)}${data}`;
}

/** The command lines that do the same as the page. */
export const cli = {
  show: (run: Named): string => `mltrack run show ${run.short}`,
  tag: (run: Named): string => curl("PATCH", place(run), { tags: { KEY: "VALUE" } }),
  note: (run: Named): string => curl("PATCH", place(run), { note: "TEXT" }),
  rename: (run: Named): string => curl("PATCH", place(run), { name: "NAME" }),
  end: (run: Named): string => `mltrack run end ${run.short}`,
  remove: (run: Named): string => `mltrack rm ${run.short}`,
  restore: (run: Named): string => `mltrack restore ${run.short}`,
  console: (run: Named, pattern = ""): string => `mltrack console ${run.short}${pattern === "" ? "" : ` --grep ${shellWord(pattern)}`}`,
  environment: (run: Named): string => `mltrack env show ${run.short}`,
  lineage: (run: Named): string => `mltrack lineage ${run.short}`,
};
