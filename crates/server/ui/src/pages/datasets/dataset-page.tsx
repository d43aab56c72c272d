/**
 * One dataset: its versions, what they are made of, their files, and the runs that took them in.
 *
 * Invariant: a version says where its bytes are and what it was made of.
 */
import type { JSX } from "preact";

import type { Dataset, DatasetVersion } from "../../api/types";
import { bytesText, Identifier, Name, NumberText, Time, type TableColumn } from "../../parts";
import { href } from "../../state/url";
import { literal, shellWord } from "../compare/export";
import { ThingPage, type Shown } from "./thing-page";
import { VersionPanel, type Fact } from "./version-panel";

const COLUMNS: readonly TableColumn<DatasetVersion>[] = [
  { key: "rows", title: "Rows", width: 110, align: "end", cell: (row) => <NumberText value={row.rows ?? null} digits={15} /> },
  { key: "bytes", title: "Size", width: 100, align: "end", cell: (row) => (row.bytes == null ? <span class="faint">–</span> : bytesText(row.bytes)) },
  { key: "source", title: "Source", width: 160, grows: true, cell: (row) => (row.source === "" ? <span class="soft">this store</span> : <Name text={row.source} class="cut" />) },
];

export function DatasetPage(props: { readonly id: string }): JSX.Element {
  return (
    <ThingPage<DatasetVersion, Dataset>
      kind="datasets"
      id={props.id}
      columns={() => COLUMNS}
      addLine={(name) => `mltrack dataset add ${shellWord(name)} FILE_OR_FOLDER`}
      about={(shown) => <About {...shown} />}
      usesTitle="Taken in by"
      useLine={(name) => `run.use_artifact(${literal(`${name}:latest`)}, type="dataset")`}
    />
  );
}

function About(props: Shown<Dataset, DatasetVersion>): JSX.Element {
  const { item, version, whyFixed, reload } = props;
  const facts: readonly Fact[] = [
    ["Digest", <Identifier id={version.digest} short={`${version.digest.slice(0, 17)}…`} />],
    ["Source", version.source === "" ? null : <Name text={version.source} />],
    ["Made by", version.run ? <a href={href(`/runs/${encodeURIComponent(version.run)}`)}>run {version.run}</a> : null],
    ["Step", version.transformation ? <Name text={version.transformation} /> : null],
    ["Made of", version.parents.length === 0 ? null : <Parents item={item} version={version} />],
    ["Added", <Time time={version.time} style="full" />],
    ["By", version.actor === "" ? null : <Name text={version.actor} />],
    ["Record", <a href={href("/log", { at: version.lsn })}>{version.lsn}</a>],
  ];
  return (
    <VersionPanel
      kind="datasets"
      name={item.name}
      version={version}
      whyFixed={whyFixed}
      reload={reload}
      facts={facts}
      details={[
        ["Columns", version.schema],
        ["Profile", version.profile],
      ]}
    />
  );
}

function Parents(props: { readonly item: Dataset; readonly version: DatasetVersion }): JSX.Element {
  return (
    <>
      {props.version.parents.map((parent) => {
        const isOwn = parent.dataset === props.item.id;
        return (
          <a key={`${parent.dataset} ${parent.number}`} href={href(`/datasets/${encodeURIComponent(isOwn ? props.item.name : parent.dataset)}`, { version: parent.number })}>
            {isOwn ? "" : `${parent.dataset.slice(-8)} `}v{parent.number}{" "}
          </a>
        );
      })}
    </>
  );
}
