/**
 * The versions of a dataset or a model, the newest first.
 *
 * Invariant: however many there are, only those that are seen are drawn, and none is left out.
 */
import type { JSX } from "preact";

import { Badge, Name, Table, Time, type TableColumn } from "../../parts";
import type { AnyVersion } from "./version-panel";

interface Props<Version> {
  readonly versions: readonly Version[];
  readonly shown: Version | undefined;
  readonly columns: readonly TableColumn<Version>[];
  readonly onPick: (number: number) => void;
}

export function Versions<Version extends AnyVersion>(props: Props<Version>): JSX.Element {
  const { versions, onPick } = props;
  const columns: readonly TableColumn<Version>[] = [
    {
      key: "number",
      title: "Version",
      width: 120,
      sticky: true,
      cell: (row) => (
        <span class="thing-number">
          <button type="button" class="text-link" aria-current={row === props.shown ? "true" : undefined} onClick={() => onPick(row.number)}>
            v{row.number}
          </button>
          {row.version && <Name text={row.version} class="cut soft" />}
          {row.removed && <Badge tone="warn">removed</Badge>}
        </span>
      ),
    },
    ...props.columns,
    { key: "time", title: "Added", width: 120, cell: (row) => <Time time={row.time} /> },
  ];
  return (
    <section class="thing-versions" aria-label="Versions">
      <h2>
        Versions <span class="soft">{versions.length}</span>
      </h2>
      <Table
        label="Versions"
        columns={columns}
        rowCount={versions.length}
        rowAt={(at) => versions[versions.length - 1 - at]}
        rowKey={(row) => String(row.number)}
        isSelected={(row) => row === props.shown}
        onOpen={(row) => onPick(row.number)}
        height="min(40vh, 300px)"
      />
    </section>
  );
}
