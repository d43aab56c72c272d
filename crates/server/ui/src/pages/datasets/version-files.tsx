/**
 * The files of a version, and a look into the one that is chosen.
 *
 * Invariants: the chosen file is part of the address; a version whose bytes are elsewhere says where, and is not offered
 * to be verified.
 */
import type { JSX } from "preact";

import { get } from "../../api/client";
import { useResource } from "../../api/resource";
import type { VersionFile, VersionFiles } from "../../api/types";
import { bytesText, counted, Failure, Name, Skeleton, Table, type TableColumn } from "../../parts";
import { param, text } from "../../state/url";
import { Check } from "../run/preview/check";
import { Download } from "../run/preview/download";
import { FilePreview } from "../run/preview/file-preview";
import type { FileSource } from "../run/preview/source";
import type { Kind } from "./things";

const chosen = param("file", text, "");
const LIMIT = 1000;

interface Props {
  readonly kind: Kind;
  readonly name: string;
  readonly version: number;
}

export function VersionFilesView(props: Props): JSX.Element {
  const place = `/${props.kind}/${encodeURIComponent(`${props.name}@v${props.version}`)}`;
  const loaded = useResource<VersionFiles>(`${place}/files`, (signal) => get<VersionFiles>(`${place}/files`, { limit: LIMIT }, { signal, pinned: false }));
  const known = loaded.value.value;
  if (loaded.error.value?.code === "INVALID_STATE" && !known) return <Elsewhere words={loaded.error.value.message} hint={loaded.error.value.hint} />;
  if (loaded.error.value && !known) return <Failure error={loaded.error.value} onRetry={loaded.reload} />;
  if (!known) return <Skeleton lines={3} />;
  if (known.items.length === 0) {
    return (
      <p class="soft">
        {known.source === "" ? "It has no files here." : "Its bytes are not in this store: "}
        {known.source !== "" && <code class="name">{known.source}</code>}
      </p>
    );
  }
  const file = known.items.find((item) => item.path === chosen.signal.value);
  return (
    <div class="thing-files">
      <p class="soft small">
        {counted(known.total, "file")}
        {known.total > known.items.length && `, of which the first ${known.items.length} are shown`}
      </p>
      <Check path={`/${props.kind}/${encodeURIComponent(props.name)}/versions/${props.version}/check`} repair={REPAIR} />
      <Table label="Files" columns={COLUMNS} rowCount={known.items.length} rowAt={(at) => known.items[at]} rowKey={(row) => row.path} isSelected={(row) => row === file} onOpen={(row) => chosen.set(row.path)} height="40vh" />
      {file && <Look key={file.blake3 + file.path} place={place} file={file} />}
    </div>
  );
}

/** A version that is only pointed to: that is how it was added, and no failure. */
function Elsewhere(props: { readonly words: string; readonly hint: string | null }): JSX.Element {
  return (
    <p class="soft name thing-elsewhere" dir="auto">
      {props.words}
      {props.hint !== null && `; ${props.hint}`}
    </p>
  );
}

const REPAIR = (
  <>
    A copy of these bytes repairs it: <code>mltrack artifact verify --repair URL</code>
  </>
);

const COLUMNS: readonly TableColumn<VersionFile>[] = [
  {
    key: "path",
    title: "Path",
    width: 220,
    grows: true,
    sticky: true,
    cell: (row) => (
      <button type="button" class="text-link" onClick={() => chosen.set(chosen.signal.peek() === row.path ? "" : row.path)}>
        <Name text={row.path} class="cut" />
      </button>
    ),
  },
  { key: "bytes", title: "Size", width: 100, align: "end", cell: (row) => bytesText(row.bytes) },
  { key: "blake3", title: "BLAKE3", width: 160, cell: (row) => <span class="cut mono soft" title={row.blake3}>{row.blake3.slice(0, 16)}…</span> },
];

function Look(props: { readonly place: string; readonly file: VersionFile }): JSX.Element {
  const { file } = props;
  const source: FileSource = { key: file.blake3 + file.path, path: file.path, mediaType: "", bytes: file.bytes, place: `${props.place}/bytes`, query: { path: file.path } };
  return (
    <section class="thing-look" aria-label={file.path}>
      <div class="page-head">
        <h3 class="name thing-look-name" dir="auto">
          {file.path}
        </h3>
        <Download source={source} />
      </div>
      <FilePreview source={source} />
    </section>
  );
}
