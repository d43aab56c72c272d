/**
 * Removing an artifact and bringing it back.
 *
 * Invariant: no byte is lost by either, and the bar offers to take it back.
 */
import { del, post } from "../../api/client";
import type { Artifact, Removal } from "../../api/types";
import { did } from "../../state/undo";

/** The records that take artifacts away and bring them back, undone or not. */
export const REMOVALS: ReadonlySet<string> = new Set(["artifacts_removed", "artifacts_restored"]);

function place(artifact: Artifact): string {
  return `/artifacts/${encodeURIComponent(artifact.id)}`;
}

function titleOf(artifact: Artifact): string {
  return `${artifact.path.slice(-60)} v${artifact.version}`;
}

export async function remove(artifact: Artifact): Promise<void> {
  const { lsn } = await del<Removal>(place(artifact));
  did(`Removed ${titleOf(artifact)}`, lsn == null ? undefined : { lsn });
}

export async function restore(artifact: Artifact): Promise<void> {
  await post(`${place(artifact)}/restore`, {});
  did(`Restored ${titleOf(artifact)}`);
}
