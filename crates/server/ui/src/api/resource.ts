/**
 * What a component shows of the server, kept while it is loaded anew.
 *
 * Invariants: a value that is known stays visible until a newer one is there; an answer that was overtaken is never
 * shown; when the log went on unseen or was cut off, everything visible is loaded anew.
 */
import { signal, type ReadonlySignal } from "@preact/signals";
import { useEffect, useMemo, useRef } from "preact/hooks";

import { staleness } from "../live/staleness";
import { pinnedAt } from "../state/url";
import { ApiError } from "./client";
import { key as accessKey } from "./key";

export interface Resource<T> {
  readonly value: ReadonlySignal<T | undefined>;
  readonly error: ReadonlySignal<ApiError | undefined>;
  readonly isLoading: ReadonlySignal<boolean>;
  reload(): void;
}

/** A resource by itself; `useResource` is one that lives with a component. */
export class Loader<T> implements Resource<T> {
  readonly value = signal<T | undefined>(undefined);
  readonly error = signal<ApiError | undefined>(undefined);
  readonly isLoading = signal(false);
  load: (abort: AbortSignal) => Promise<T>;
  private abort: AbortController | null = null;

  constructor(load: (abort: AbortSignal) => Promise<T>) {
    this.load = load;
  }

  readonly reload = (): void => {
    this.stop();
    const abort = new AbortController();
    this.abort = abort;
    this.isLoading.value = true;
    this.load(abort.signal).then(
      (value) => {
        if (abort.signal.aborted) return;
        this.value.value = value;
        this.error.value = undefined;
        this.isLoading.value = false;
      },
      (error: unknown) => {
        if (abort.signal.aborted) return;
        this.error.value = asApiError(error);
        this.isLoading.value = false;
      },
    );
  };

  /** Gives up what is being loaded. */
  stop(): void {
    this.abort?.abort();
    this.abort = null;
    this.isLoading.value = false;
  }
}

/** Any failure in the form that is shown. */
export function asApiError(error: unknown): ApiError {
  if (error instanceof ApiError) return error;
  const message = error instanceof Error ? error.message : String(error);
  return new ApiError(message, 0, "PAGE_ERROR", "This is a bug of the page: please report what you did.", null);
}

/** Loads when `key`, the moment that is shown or the access key changes, and when `reload` is called. */
export function useResource<T>(key: string, load: (abort: AbortSignal) => Promise<T>): Resource<T> {
  const newest = useRef(load);
  newest.current = load;
  const resource = useMemo(() => new Loader<T>((abort) => newest.current(abort)), []);
  const at = pinnedAt.value;
  const token = accessKey.value;
  const stale = staleness.value;
  useEffect(() => {
    resource.reload();
    return () => resource.stop();
  }, [key, at, token, stale, resource]);
  return resource;
}
