/**
 * What the workspace shows, as its address has it.
 *
 * Invariant: everything that somebody chose to see is a parameter here; a step of the browser's history is a filter, an
 * order, columns or a group, and never a selection.
 */
import { signal } from "@preact/signals";

import { list, number, param, text } from "../../state/url";

export const filter = param("q", text, "");
export const sort = param("sort", list, []);
/** The columns; none for those that an experiment is opened with. */
export const columns = param("columns", list, []);
/** How many columns stay when the others are scrolled. */
export const fixed = param("fixed", number, 2);
export const group = param("group", list, []);
export const hidden = param("hidden", list, []);
/** The run that others are compared with. */
export const baseline = param("baseline", text, "");
/** What is shown beside the table: charts, or nothing. */
export const beside = param("beside", text, "charts");
export const withDeleted = param("deleted", text, "");

const PLACE = "mltrack.columns.widths";

/** Widths that were chosen, by column; a matter of the screen and not of the address. */
export const widths = signal<Readonly<Record<string, number>>>(stored());

export function setWidth(column: string, width: number): void {
  widths.value = { ...widths.peek(), [column]: Math.round(Math.min(800, Math.max(48, width))) };
  try {
    localStorage.setItem(PLACE, JSON.stringify(widths.peek()));
  } catch {
    // They hold until the page is closed.
  }
}

function stored(): Record<string, number> {
  try {
    const known: unknown = JSON.parse(localStorage.getItem(PLACE) ?? "{}");
    const entries = Object.entries(known ?? {}).filter((entry): entry is [string, number] => Number.isFinite(entry[1]));
    return Object.fromEntries(entries);
  } catch {
    return {};
  }
}
