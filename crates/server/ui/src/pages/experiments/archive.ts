/**
 * Experiments into the archive and out of it, by a key and from the palette.
 *
 * Invariant: what the key acts on is the row that has the focus, or had it last, as long as it is listed.
 */
import { signal } from "@preact/signals";

import { patch, post } from "../../api/client";
import type { Experiment } from "../../api/types";
import { useActions, type Action } from "../../state/actions";
import { did, failed } from "../../state/undo";
import { shellWord } from "../compare/export";

const pointed = signal<number | null>(null);

/** Takes note of the row that gets the focus. */
export function pointAt(target: EventTarget | null, rows: readonly Experiment[]): void {
  const line = target instanceof Element ? target.closest("[aria-rowindex]") : null;
  const index = Number(line?.getAttribute("aria-rowindex") ?? 0);
  // The head is the first row.
  pointed.value = rows[index - 2]?.id ?? null;
}

/** What can be done to the row that keys act on. */
export function useArchive(rows: readonly Experiment[], reload: () => void): void {
  useActions(actionsOf(rows, reload));
}

function actionsOf(rows: readonly Experiment[], reload: () => void): Action[] {
  const current = (): Experiment | undefined => rows.find((row) => row.id === pointed.value);
  const act = (work: (row: Experiment) => Promise<void>, what: string) => (): void => {
    const row = current();
    if (row !== undefined) work(row).then(reload, (error: unknown) => failed(what, error));
  };
  return [
    {
      id: "experiments.archive",
      changes: true,
      title: "Archive the experiment",
      keys: "Delete",
      cli: () => `mltrack exp archive ${shellWord(current()?.name ?? "NAME")}`,
      when: () => current() !== undefined && current()?.state !== "archived",
      run: act(archive, "The experiment was not archived"),
    },
    {
      id: "experiments.restore",
      changes: true,
      title: "Take the experiment out of the archive",
      cli: () => `mltrack exp restore ${shellWord(current()?.name ?? "NAME")}`,
      when: () => current()?.state === "archived",
      run: act(restore, "The experiment was not taken out of the archive"),
    },
  ];
}

async function archive(row: Experiment): Promise<void> {
  const { lsn } = await patch<Experiment>(`/experiments/${row.id}`, { state: "archived" });
  did(`Archived ${row.name.slice(0, 60)}`, { lsn });
}

async function restore(row: Experiment): Promise<void> {
  const { lsn } = await post<Experiment>(`/experiments/${row.id}/restore`, {});
  did(`Took ${row.name.slice(0, 60)} out of the archive`, { lsn });
}
