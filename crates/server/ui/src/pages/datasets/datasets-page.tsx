/**
 * The datasets of the store.
 *
 * Invariant: what is told of a dataset is told of its newest version that is not removed.
 */
import type { JSX } from "preact";

import type { Dataset } from "../../api/types";
import { bytesText, Name, NumberText, type TableColumn } from "../../parts";
import { newest, ThingsPage } from "./things-page";

const COLUMNS: readonly TableColumn<Dataset>[] = [
  { key: "newest", title: "Newest", width: 110, cell: (row) => <Newest row={row} /> },
  { key: "rows", title: "Rows", width: 110, align: "end", cell: (row) => <NumberText value={newest(row)?.rows ?? null} digits={15} /> },
  { key: "bytes", title: "Size", width: 100, align: "end", cell: (row) => (newest(row)?.bytes == null ? <span class="faint">–</span> : bytesText(newest(row)?.bytes ?? 0)) },
];

function Newest(props: { readonly row: Dataset }): JSX.Element {
  const version = newest(props.row);
  return version ? <Name text={version.version ?? `v${version.number}`} class="cut" /> : <span class="faint">–</span>;
}

export function DatasetsPage(): JSX.Element {
  return (
    <ThingsPage
      kind="datasets"
      title="Datasets"
      columns={COLUMNS}
      lines={[
        { title: "Shell", text: "mltrack dataset add digits rows.csv" },
        { title: "Python", text: 'run.use_artifact("digits:latest", type="dataset")' },
      ]}
      words="Versions of data, and which runs took them in."
    />
  );
}
