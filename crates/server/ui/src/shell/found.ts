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
  dataset: "dataset",
  model: "model",
  artifact: "artifact",
};

/** The pages of things that have one, by what they are. */
const PAGES: Partial<Record<KindName, string>> = {
  experiment: "/experiments",
  run: "/runs",
  note: "/runs",
  dataset: "/datasets",
  model: "/models",
  artifact: "/artifacts",
};

/** What it is, in a word. */
export function kindTitle(kind: KindName): string {
  return TITLES[kind];
}

/** The address of what was found: itself, the one run that has it, or a comparison of those that do. */
export function addressOf(found: Found): string {
  const { kind, id, runs } = found;
  const page = PAGES[kind];
  if (page !== undefined && id != null) return href(`${page}/${encodeURIComponent(id)}`);
  const [only] = runs;
  if (runs.length === 1 && only !== undefined) return href(`/runs/${encodeURIComponent(only)}`);
  if (runs.length > 1) return href("/compare", { runs: runs.slice(0, 20).join(",") });
  return href("/search", { q: found.name });
}
