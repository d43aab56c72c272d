/**
 * The order of rows that somebody points at.
 *
 * Invariant: a row that is shown stays where it is; what is new waits, and what is gone leaves.
 */

/** Items in the order of `held`, when there is one; whether their own order is another. */
export function arranged<Item extends { readonly id: number }>(
  items: readonly Item[],
  held: readonly number[] | null,
): { rows: Item[]; isNewOrder: boolean } {
  if (held === null) return { rows: [...items], isNewOrder: false };
  const byId = new Map(items.map((item) => [item.id, item]));
  const rows = held.flatMap((id) => byId.get(id) ?? []);
  const isNewOrder = rows.length !== items.length || rows.some((row, place) => row.id !== items[place]?.id);
  return { rows, isNewOrder };
}
