/**
 * The way to have a whole file.
 *
 * Invariant: it goes to the disk piece by piece where a link can fetch it; where a key has to be shown with the call it is
 * fetched by the page and handed over.
 */
import type { JSX } from "preact";
import { useState } from "preact/hooks";

import { bytes } from "../../../api/client";
import { key } from "../../../api/key";
import { Button } from "../../../parts";
import { failed } from "../../../state/undo";
import { addressOf, nameOf, type FileSource } from "./source";

/** Hands bytes to the browser as a file. */
export function save(blob: Blob, name: string): void {
  const address = URL.createObjectURL(blob);
  const link = document.createElement("a");
  link.href = address;
  link.download = name;
  link.click();
  // The browser has taken it by the next task at the latest.
  setTimeout(() => URL.revokeObjectURL(address), 60_000);
}

export function Download(props: { readonly source: FileSource }): JSX.Element {
  const { source } = props;
  const [isBusy, setBusy] = useState(false);
  const name = nameOf(source.path);
  if (key.value === null) {
    return (
      <a class="button" href={addressOf(source)} download={name}>
        Download
      </a>
    );
  }
  const fetchAll = (): void => {
    setBusy(true);
    bytes(source.place, source.query)
      .then((response) => response.blob())
      .then((blob) => save(blob, name))
      .catch((error: unknown) => failed("Download", error))
      .finally(() => setBusy(false));
  };
  return (
    <Button disabled={isBusy} onClick={fetchAll}>
      {isBusy ? "Downloading…" : "Download"}
    </Button>
  );
}
