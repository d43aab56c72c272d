/**
 * A part of a page whose program is fetched when it is shown first.
 *
 * Invariant: what cannot be fetched says so in its place, and can be tried again.
 */
import type { ComponentType, JSX } from "preact";
import { useEffect, useState } from "preact/hooks";

import type { ApiError } from "../../../api/client";
import { asApiError } from "../../../api/resource";
import { Failure, Skeleton } from "../../../parts";

/** The part that `load` fetches. */
export function later(load: () => Promise<ComponentType>): ComponentType {
  let known: ComponentType | null = null;
  return function Later(): JSX.Element {
    const [Part, setPart] = useState<ComponentType | null>(() => known);
    const [error, setError] = useState<ApiError | null>(null);
    const fetchIt = (): void => {
      setError(null);
      load().then(
        (part) => {
          known = part;
          setPart(() => part);
        },
        (failure: unknown) => setError(asApiError(failure)),
      );
    };
    useEffect(() => {
      if (Part === null) fetchIt();
    }, []);
    if (error) return <Failure error={error} onRetry={fetchIt} />;
    return Part ? <Part /> : <Skeleton lines={8} />;
  };
}
