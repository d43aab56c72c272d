/**
 * What the pages hand to charts.
 *
 * Invariant: a run is named by its whole id; everything else about it is for people.
 */

/** A run as charts know it. */
export interface RunRef {
  readonly id: string;
  readonly name: string;
  readonly short: string;
  readonly experiment: string;
}

/** Its name for a legend, with what tells runs of one name apart. */
export function runTitle(run: RunRef): string {
  const name = run.name.length > 60 ? `${run.name.slice(0, 59)}…` : run.name;
  return name === "" || name === run.short ? run.short : `${name} (${run.short})`;
}
