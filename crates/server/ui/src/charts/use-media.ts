/**
 * What runs logged beside numbers, of all steps.
 *
 * Invariant: every version of a file counts, because a file of one path that is logged at each step has a version for each.
 */
import { get } from "../api/client";
import { useResource, type Resource } from "../api/resource";
import type { Artifact, LoggedValue } from "../api/types";
import { pinnedAt } from "../state/url";
import { byName, mediaOfArtifacts, mediaOfValues, type Medium } from "./media-model";
import type { RunRef } from "./types";
import { useReloads } from "./use-reloads";

export interface MediaOfRun {
  readonly run: RunRef;
  readonly rows: Map<string, Medium[]>;
  /** There is more than was read. */
  readonly isCut: boolean;
}

const AGAIN_MS = 5_000;
/** Pages of a thousand that are read. */
const PAGES_MAX = 10;

interface Page<T> {
  readonly items: T[];
  readonly next?: string | null;
}

async function allOf<T>(path: string, query: Record<string, boolean>, signal: AbortSignal): Promise<{ items: T[]; isCut: boolean }> {
  const items: T[] = [];
  let cursor: string | null = null;
  for (let count = 0; count < PAGES_MAX; count += 1) {
    const page: Page<T> = await get<Page<T>>(path, { ...query, limit: 1000, cursor }, { signal });
    items.push(...page.items);
    cursor = page.next ?? null;
    if (cursor === null) return { items, isCut: false };
  }
  return { items, isCut: true };
}

async function mediaOf(run: RunRef, signal: AbortSignal): Promise<MediaOfRun> {
  const path = `/runs/${encodeURIComponent(run.id)}`;
  const [artifacts, values] = await Promise.all([
    allOf<Artifact>(`${path}/artifacts`, { versions: true }, signal),
    allOf<LoggedValue>(`${path}/values`, {}, signal),
  ]);
  const rows = byName([...mediaOfArtifacts(artifacts.items), ...mediaOfValues(values.items)]);
  return { run, rows, isCut: artifacts.isCut || values.isCut };
}

/** The media of runs, kept up to date while they go on. */
export function useMedia(runs: readonly RunRef[]): Resource<MediaOfRun[]> {
  const key = `media ${runs.map(({ id }) => id).join(" ")} ${pinnedAt.value}`;
  const resource = useResource(key, (signal) => Promise.all(runs.map((run) => mediaOf(run, signal))));
  const isOurs = (id: string | null | undefined) => runs.some((run) => run.id === id);
  useReloads((tick) => tick.points.some(({ run }) => isOurs(run)) || tick.events.some(({ run }) => isOurs(run)), resource, AGAIN_MS);
  return resource;
}
