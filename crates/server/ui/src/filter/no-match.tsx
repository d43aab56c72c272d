/**
 * What is said when no run is admitted: how many there are, and which clause admitted none of those before it.
 *
 * Invariant: each number is that of the moment that the table shows, so that dropping the clause gives what was said.
 */
import type { JSX } from "preact";

import { post } from "../api/client";
import { useResource } from "../api/resource";
import { Button, Empty } from "../parts";
import { pinnedAt } from "../state/url";
import { clausesOf, joined, without } from "./clauses";

/** Where a filter runs dry. */
export interface Dry {
  /** How many runs there are without the filter. */
  readonly all: number;
  /** The clause that admits none of those that the clauses before it admit; below 0 when none does so. */
  readonly place: number;
  /** How many the clauses before it admit. */
  readonly before: number;
}

/** Finds the clause that admitted nothing. More clauses never admit more runs, so half of them are passed over each time. */
export async function dryAt(clauses: readonly string[], count: (filter: string) => Promise<number>): Promise<Dry> {
  const countOf = (length: number): Promise<number> => count(joined(clauses.slice(0, length)));
  const [all, rest] = await Promise.all([countOf(0), countOf(clauses.length)]);
  if (all === 0 || rest > 0) return { all, place: -1, before: all };
  let [some, none, before] = [0, clauses.length, all];
  while (none - some > 1) {
    const middle = (some + none) >> 1;
    const left = await countOf(middle);
    if (left === 0) none = middle;
    else [some, before] = [middle, left];
  }
  return { all, place: some, before };
}

export function NoMatch(props: {
  filter: string;
  experiment: string;
  onChange: (filter: string) => void;
}): JSX.Element {
  const clauses = clausesOf(props.filter).map((clause) => clause.text);
  const { value } = useResource(`no match ${props.experiment} ${props.filter}`, (signal) =>
    dryAt(clauses, (filter) => total(props.experiment, filter, signal)),
  );
  const dry = value.value;
  const clause = dry === undefined ? undefined : clauses[dry.place];
  return (
    <Empty title="No run matches">
      {dry !== undefined && (
        <p class="soft">{dry.all === 1 ? "There is 1 run" : `There are ${dry.all.toLocaleString()} runs`} without the filter.</p>
      )}
      {dry !== undefined && clause !== undefined && (
        <p class="name" dir="auto">
          {clauses.length > 1 ? `The clause ` : "The filter "}
          <code>{clause.slice(0, 300)}</code>
          {dry.place > 0 ? ` leaves none of the ${dry.before.toLocaleString()} that those before it admit.` : " admits none of them."}
        </p>
      )}
      <div class="row">
        {dry !== undefined && clause !== undefined && clauses.length > 1 && (
          <Button kind="primary" onClick={() => props.onChange(without(props.filter, dry.place))}>Drop this clause</Button>
        )}
        <Button onClick={() => props.onChange("")}>Drop the filter</Button>
      </div>
    </Empty>
  );
}

async function total(experiment: string, filter: string, signal: AbortSignal): Promise<number> {
  const at = pinnedAt.peek();
  const body = { experiment, filter: filter === "" ? [] : [filter], limit: 1, fields: ["id"], ...(at === null ? {} : { at }) };
  return (await post<{ total: number }>("/runs/search", body, { signal })).total;
}
