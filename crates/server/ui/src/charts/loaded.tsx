/**
 * An image or a sound of the store by its bytes.
 *
 * Invariants: bytes of the store reach the page as images and sounds alone, never as markup; memory of what is not shown
 * any more is given back; no more is loaded without being asked than a page can hold.
 */
import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect } from "preact/hooks";

import { bytes } from "../api/client";
import { useResource } from "../api/resource";
import { Failure } from "../parts";

/** The most bytes of one image or sound that are loaded without being asked. */
export const BYTES_MAX = 32 * 1024 * 1024;

export function Loaded(props: { id: string; kind: "image" | "audio"; label: string }): JSX.Element {
  const { id, kind, label } = props;
  const address = useSignal<string | null>(null);
  const resource = useResource(`artifact ${id}`, (signal) => bytes(`/artifacts/${encodeURIComponent(id)}/bytes`, {}, { signal }).then((response) => response.blob()));
  const blob = resource.value.value;
  useEffect(() => {
    if (blob === undefined) return undefined;
    const made = URL.createObjectURL(blob);
    address.value = made;
    return () => URL.revokeObjectURL(made);
  }, [blob]);
  if (resource.error.value !== undefined) return <Failure error={resource.error.value} onRetry={resource.reload} />;
  const source = address.value === null ? {} : { src: address.value };
  if (kind === "audio") return <audio controls preload="metadata" aria-label={label} {...source} />;
  return <img alt={label} {...source} />;
}
