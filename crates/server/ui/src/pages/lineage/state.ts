/**
 * What the page of lineage shows, as it stands in the address.
 *
 * Invariant: everything that changes what is seen is here, but for zoom and scroll.
 */
import { list, number, param, text, type Codec } from "../../state/url";
import type { Collapse } from "./collapse";

export type Direction = "both" | "up" | "down";
export type Look = "graph" | "list" | "timeline";

function oneOf<T extends string>(...values: readonly T[]): Codec<T> {
  return { read: (value) => values.find((known) => known === value), write: (value) => value };
}

/** The thing that was asked about; empty before one was chosen. */
export const node = param("node", text, "");
export const direction = param<Direction>("direction", oneOf("both", "up", "down"), "both");
/** At most so many steps; 0: any number. */
export const depth = param("depth", number, 0);
export const collapseBy = param<Collapse>("group", oneOf("equal", "kind", "none"), "equal");
/** The groups that are open, by their keys. */
export const opened = param("open", list, [] as readonly string[]);
export const look = param<Look>("look", oneOf("graph", "list", "timeline"), "graph");
/** The thing that is looked at; empty for the one that was asked about. */
export const chosen = param("thing", text, "");
export const search = param("find", text, "");
