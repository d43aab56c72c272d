/**
 * A look into a file: a picture, a table, a tree, sound, film or text.
 *
 * Invariant: nothing of a file is ever run: what a browser would run is shown as text, pictures are shown by <img>, which
 * runs no script, and addresses of their bytes are given back when they are not shown any more.
 */
import type { JSX } from "preact";
import { useEffect, useMemo, useState } from "preact/hooks";

import { useResource } from "../../../api/resource";
import { Boundary, bytesText, Failure, Skeleton } from "../../../parts";
import { LineList } from "../parts/line-list";
import { looksBinary, previewOf, type Preview } from "../text/preview";
import { JsonTree } from "./json-tree";
import { PatchView } from "./patch-view";
import { startOf, type FileSource, type Start } from "./source";
import { TableView } from "./table-view";
import "./preview.css";

export function FilePreview(props: { readonly source: FileSource }): JSX.Element {
  const { source } = props;
  const preview = previewOf(source.path, source.mediaType, source.bytes);
  if (preview.kind === "empty") return <p class="soft preview-none">The file is empty.</p>;
  if (preview.kind === "download") return <p class="soft preview-none">There is no preview of this kind of file, or it is too large for one: download it.</p>;
  return (
    <Boundary>
      <Loaded key={source.key} source={source} preview={preview} />
    </Boundary>
  );
}

function Loaded(props: { readonly source: FileSource; readonly preview: Preview }): JSX.Element {
  const { source, preview } = props;
  const loaded = useResource<Start>(`preview ${source.key}`, (signal) => startOf(source, preview.bytesMax, signal));
  const start = loaded.value.value;
  if (loaded.error.value && !start) {
    return (
      <>
        <Failure error={loaded.error.value} onRetry={loaded.reload} />
        <p class="soft">What the log says of the file is above; its bytes cannot be read. Verify tells what is wrong with them.</p>
      </>
    );
  }
  if (!start) return <Skeleton lines={6} />;
  return (
    <>
      {start.isPart && (
        <p class="preview-part soft small">
          The first {bytesText(start.bytes.length)} of {bytesText(source.bytes)}.
        </p>
      )}
      <Shown start={start} preview={preview} path={source.path} />
    </>
  );
}

function Shown(props: { readonly start: Start; readonly preview: Preview; readonly path: string }): JSX.Element {
  const { start, preview } = props;
  const isMedia = preview.kind === "image" || preview.kind === "audio" || preview.kind === "video";
  const text = useMemo(() => (isMedia || looksBinary(start.bytes) ? null : new TextDecoder().decode(start.bytes)), [start, isMedia]);
  if (isMedia) return <Media start={start} preview={preview} path={props.path} />;
  if (text === null) return <p class="soft preview-none">Its bytes are no text: download it.</p>;
  if (preview.kind === "table") return <TableView text={text} isPart={start.isPart} />;
  if (preview.kind === "patch") return <PatchView text={text} isPart={start.isPart} />;
  if (preview.kind === "json") return <JsonView text={text} />;
  return <TextView text={text} />;
}

function Media(props: { readonly start: Start; readonly preview: Preview; readonly path: string }): JSX.Element | null {
  const { start, preview, path } = props;
  const [address, setAddress] = useState<string | null>(null);
  const [isBroken, setBroken] = useState(false);
  useEffect(() => {
    const made = URL.createObjectURL(new Blob([start.bytes], { type: preview.mediaType }));
    setAddress(made);
    return () => URL.revokeObjectURL(made);
  }, [start, preview.mediaType]);
  if (isBroken) return <p class="soft preview-none">The browser cannot show its bytes: download it.</p>;
  if (address === null) return null;
  const broken = (): void => setBroken(true);
  if (preview.kind === "audio") return <audio class="preview-sound" controls src={address} aria-label={path} onError={broken} />;
  if (preview.kind === "video") return <video class="preview-image" controls src={address} aria-label={path} onError={broken} />;
  return <img class="preview-image" src={address} alt={path} onError={broken} />;
}

function JsonView(props: { readonly text: string }): JSX.Element {
  const parsed = useMemo((): { value: unknown } | null => {
    try {
      return { value: JSON.parse(props.text) as unknown };
    } catch {
      return null;
    }
  }, [props.text]);
  if (parsed === null) {
    return (
      <>
        <p class="preview-warning">It is called JSON and is none.</p>
        <TextView text={props.text} />
      </>
    );
  }
  return (
    <div class="preview-tree">
      <JsonTree value={parsed.value} />
    </div>
  );
}

/** A text line by line, with numbers. */
export function TextView(props: { readonly text: string }): JSX.Element {
  const lines = useMemo(() => props.text.split("\n"), [props.text]);
  const shown = lines[lines.length - 1] === "" ? lines.length - 1 : lines.length;
  return (
    <LineList
      label="text"
      count={shown}
      height={20}
      render={(at) => (
        <span class="preview-line">
          <span class="preview-number">{at + 1}</span>
          <span class="preview-code" dir="auto">
            {(lines[at] ?? "").slice(0, 20_000).replace(/\r$/, "")}
          </span>
        </span>
      )}
    />
  );
}
