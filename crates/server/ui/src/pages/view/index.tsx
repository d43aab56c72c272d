/**
 * A saved view: leads to what it shows.
 *
 * Invariant: the address of a view stays what it is, also when the view is changed.
 */
import type { JSX } from "preact";
import { useEffect } from "preact/hooks";

import type { PageProps } from "../../app";
import { get } from "../../api/client";
import { useResource } from "../../api/resource";
import type { View } from "../../api/types";
import { Empty, Failure, Skeleton } from "../../parts";
import { go } from "../../state/url";

/** The address that a view stands for, when it is one of this page. */
export function addressIn(content: Record<string, unknown>): string | null {
  const { address } = content;
  // Two slashes would lead to another site.
  return typeof address === "string" && /^\/(?!\/)/.test(address) ? address : null;
}

export default function SavedView(props: PageProps): JSX.Element {
  const { value, error, reload } = useResource(`view ${props.id}`, (signal) =>
    get<View>(`/views/${encodeURIComponent(props.id)}`, {}, { signal }),
  );
  const address = value.value === undefined ? undefined : addressIn(value.value.content);
  useEffect(() => {
    if (typeof address !== "string") return;
    const view = `view=${encodeURIComponent(props.id)}`;
    go(`${address}${address.includes("?") ? "&" : "?"}${view}`, { replace: true });
  }, [address, props.id]);
  return (
    <div class="page">
      {error.value && <Failure error={error.value} onRetry={reload} />}
      {address === null && <Empty title="This view was not made by the web page: it holds no address" />}
      {address === undefined && !error.value && <Skeleton lines={6} />}
    </div>
  );
}
