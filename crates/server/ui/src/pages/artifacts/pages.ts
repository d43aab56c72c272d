/**
 * A list that is loaded page by page while somebody scrolls towards its end.
 *
 * Invariants: pages are asked for one after the other and each once; a new question begins anew, and what is loaded again
 * stays in sight until all of it is there.
 */
import { useEffect, useRef, useState } from "preact/hooks";

import { get, type ApiError, type Query } from "../../api/client";
import { key as accessKey } from "../../api/key";
import type { Taking } from "../../parts";
import { asApiError } from "../../api/resource";
import { staleness } from "../../live/staleness";
import { pinnedAt } from "../../state/url";

interface Page<T> {
  readonly items: readonly T[];
  readonly total: number;
  readonly next?: string | null;
}

export interface Pages<T> {
  readonly items: readonly T[];
  readonly total: number;
  readonly isLoaded: boolean;
  readonly error: ApiError | null;
  /** Loads on when rows up to `end` are seen. */
  onRange(first: number, end: number): void;
  reload(): void;
  /** All of the list, whatever of it is seen: what is not there yet is asked for. */
  all(taking: Taking): Promise<readonly T[]>;
}

interface Loaded<T> {
  readonly items: readonly T[];
  readonly total: number;
  readonly next: string | null;
}

interface State<T> extends Loaded<T> {
  /** The question that it is an answer to; empty while there is none. */
  readonly key: string;
}

/** The most that a server tells at once. */
const PAGE_MAX = 1_000;
/** How many rows before the end the next ones are asked for. */
const AHEAD = 50;

export function usePages<T>(path: string, query: Query, pageLength = 200): Pages<T> {
  const key = JSON.stringify([path, query, pinnedAt.value, accessKey.value, staleness.value]);
  const [state, setState] = useState<State<T>>({ key: "", items: [], total: 0, next: null });
  const [error, setError] = useState<ApiError | null>(null);
  const [turn, setTurn] = useState(0);
  const busy = useRef<AbortController | null>(null);
  const loadOn = (cursor: string | null, before: readonly T[], least: number): void => {
    const abort = new AbortController();
    busy.current = abort;
    const ask = (asked: Query): Promise<Page<T>> => get<Page<T>>(path, { ...query, ...asked }, { signal: abort.signal });
    pagesUntil(ask, cursor, before, least, pageLength).then(
      (loaded) => {
        if (abort.signal.aborted) return;
        busy.current = null;
        setError(null);
        setState({ key, ...loaded });
      },
      (failure: unknown) => {
        if (abort.signal.aborted) return;
        busy.current = null;
        setError(asApiError(failure));
      },
    );
  };
  useEffect(() => {
    // Anew as far as it was there, and to an end that has moved on: nobody is thrown back who has scrolled down.
    const reached = state.items.length + (state.next === null ? pageLength : 0);
    loadOn(null, [], state.key === key ? reached : 0);
    return () => {
      busy.current?.abort();
      busy.current = null;
    };
  }, [key, turn]);
  return {
    items: state.items,
    total: state.total,
    isLoaded: state.key !== "",
    error,
    onRange: (_first, end) => {
      // After a failure it waits to be told to try again.
      if (busy.current !== null || error !== null || state.next === null || end + AHEAD <= state.items.length) return;
      loadOn(state.next, state.items, Math.min(end, state.total));
    },
    reload: () => setTurn((before) => before + 1),
    all: (taking) => allOf((asked) => get<Page<T>>(path, { ...query, ...asked }, { signal: taking.signal }), state, taking),
  };
}

/** Items from a cursor on, page after page, until there are at least so many or no more. */
export async function pagesUntil<T>(ask: (query: Query) => Promise<Page<T>>, from: string | null, before: readonly T[], least: number, pageLength: number): Promise<Loaded<T>> {
  let items = before;
  let cursor = from;
  for (;;) {
    const limit = Math.min(PAGE_MAX, Math.max(pageLength, least - items.length));
    const page = await ask({ limit, cursor });
    items = [...items, ...page.items];
    cursor = page.next ?? null;
    if (cursor === null || items.length >= least) return { items, total: page.total, next: cursor };
  }
}

/** Everything of a list of which so much is there, told page by page. */
export async function allOf<T>(ask: (query: Query) => Promise<Page<T>>, known: Loaded<T>, taking: Taking): Promise<readonly T[]> {
  let [items, cursor] = [known.items, known.next];
  while (cursor !== null && !taking.signal.aborted) {
    taking.told(items.length, known.total);
    const loaded: Loaded<T> = await pagesUntil(ask, cursor, items, 0, PAGE_MAX);
    [items, cursor] = [loaded.items, loaded.next];
  }
  return items;
}
