/**
 * Where what a search finds is shown.
 *
 * Invariant: everything that can be found leads to a page that shows it.
 */
import type { Found, KindName } from "../api/types";
import { href } from "../state/url";

const TITLES: Record<KindName, string> = {
  experiment: "experiment",
  run: "run",
  param: "parameter",
  tag: "tag",
  metric: "metric",
  note: "note",
};

/** What it is, in a word. */
export function kindTitle(kind: KindName): string {
  return TITLES[kind];
}

/** The address of what was found: itself, the one run that has it, or a comparison of those that do. */
export function addressOf(found: Found): string {
  const { kind, id, runs } = found;
  if (kind === "experiment" && id != null) return href(`/experiments/${encodeURIComponent(id)}`);
  if ((kind === "run" || kind === "note") && id != null) return href(`/runs/${encodeURIComponent(id)}`);
  const [only] = runs;
  if (runs.length === 1 && only !== undefined) return href(`/runs/${encodeURIComponent(only)}`);
  if (runs.length > 1) return href("/compare", { runs: runs.slice(0, 20).join(",") });
  return href("/search", { q: found.name });
}
