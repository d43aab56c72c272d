/**
 * What can be done to a dataset or a model, and how it is taken back.
 *
 * Invariant: each change is one call, and the bar offers to undo it.
 */
import { del, patch, post, put } from "../../api/client";
import type { Removal, StageName, ThingChange } from "../../api/types";
import { did } from "../../state/undo";

/** Which of the two registries a thing is in. */
export type Kind = "datasets" | "models";

/** What one of them is called. */
export const WORD = { datasets: "dataset", models: "model" } as const;

function place(kind: Kind, name: string): string {
  return `/${kind}/${encodeURIComponent(name)}`;
}

function short(name: string): string {
  return name.length > 40 ? `${name.slice(0, 40)}…` : name;
}

async function removed(path: string, said: string): Promise<void> {
  const removal = await del<Removal>(path);
  did(said, removal.lsn == null ? undefined : { lsn: removal.lsn });
}

export async function create(kind: Kind, name: string, description: string): Promise<void> {
  await post(`/${kind}`, description === "" ? { name } : { name, description });
  did(`Made the ${WORD[kind]} ${short(name)}`);
}

export async function edit(kind: Kind, name: string, change: Partial<ThingChange>, said: string): Promise<void> {
  await patch(place(kind, name), change);
  did(said);
}

export function remove(kind: Kind, name: string): Promise<void> {
  return removed(place(kind, name), `Deleted the ${WORD[kind]} ${short(name)}`);
}

export async function restore(kind: Kind, name: string): Promise<void> {
  await post(`${place(kind, name)}/restore`, {});
  did(`Restored the ${WORD[kind]} ${short(name)}`);
}

export async function editVersion(kind: Kind, name: string, version: number, change: Record<string, unknown>, said: string): Promise<void> {
  await patch(`${place(kind, name)}/versions/${version}`, change);
  did(said);
}

export function removeVersion(kind: Kind, name: string, version: number): Promise<void> {
  return removed(`${place(kind, name)}/versions/${version}`, `Removed v${version} of ${short(name)}`);
}

export async function restoreVersion(kind: Kind, name: string, version: number): Promise<void> {
  await post(`${place(kind, name)}/versions/${version}/restore`, {});
  did(`Restored v${version} of ${short(name)}`);
}

export async function moveStage(name: string, version: number, stage: StageName, alone: boolean): Promise<void> {
  await post(`${place("models", name)}/versions/${version}/stage`, { stage, alone });
  did(`Moved v${version} of ${short(name)} to ${stage}`);
}

export async function setAlias(name: string, alias: string, version: number): Promise<void> {
  await put(`${place("models", name)}/aliases/${encodeURIComponent(alias)}`, { version });
  did(`${alias.slice(0, 40)} is v${version} of ${short(name)}`);
}

export function removeAlias(name: string, alias: string): Promise<void> {
  return removed(`${place("models", name)}/aliases/${encodeURIComponent(alias)}`, `Removed the alias ${alias.slice(0, 40)}`);
}
