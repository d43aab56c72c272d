/**
 * Finds by words.
 *
 * Invariant: an item is found when each word is in it; those that begin with what was typed come first, and otherwise
 * the order stays.
 */

/** The items that all words are in. */
export function matching<Item>(words: string, items: readonly Item[], textOf: (item: Item) => string): Item[] {
  const wanted = words.toLowerCase().split(/\s+/).filter(Boolean);
  if (wanted.length === 0) return [...items];
  const found = items.filter((item) => {
    const text = textOf(item).toLowerCase();
    return wanted.every((word) => text.includes(word));
  });
  const start = words.trim().toLowerCase();
  const isFirst = (item: Item): number => (textOf(item).toLowerCase().startsWith(start) ? 0 : 1);
  return found.sort((one, other) => isFirst(one) - isFirst(other));
}
