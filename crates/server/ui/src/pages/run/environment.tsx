/**
 * On what machine and code a run ran: facts, the patch of its working tree, its packages, and everything that was recorded.
 *
 * Invariant: what is not known is said to be missing, with why; nothing is left out in silence.
 */
import type { JSX } from "preact";
import { useMemo, useState } from "preact/hooks";

import { get } from "../../api/client";
import { useResource } from "../../api/resource";
import type { Artifact, Environment, Page_Artifact } from "../../api/types";
import { Badge, CopyMenu, counted, Empty, Failure, Panel, Skeleton, Table, TextField, type TableColumn } from "../../parts";
import { cli } from "./changes";
import { useRun } from "./context";
import { LongText } from "./overview";
import { Download } from "./preview/download";
import { FilePreview } from "./preview/file-preview";
import { JsonTree } from "./preview/json-tree";
import { sourceOfArtifact } from "./preview/source";
import { factsOf, packagesOf, type Package } from "./environment-facts";

export function EnvironmentTab(): JSX.Element {
  const { run } = useRun();
  const path = `/runs/${encodeURIComponent(run.id)}/environment`;
  const loaded = useResource<Environment>(path, (signal) => get<Environment>(path, {}, { signal, pinned: false }));
  const known = loaded.value.value;
  const error = loaded.error.value;
  if (error && !known) {
    if (error.code !== "NOT_FOUND") return <Failure error={error} onRetry={loaded.reload} />;
    return (
      <Empty title="Its environment is not known" lines={[{ title: "the command", text: "mltrack run exec EXPERIMENT -- python train.py" }]}>
        <p class="soft">
          {run.state === "running" ? "It is recorded in the seconds after a run starts. " : ""}
          Runs of the libraries and of `mltrack run exec` record machine, packages and code; those made over HTTP do not.
        </p>
      </Empty>
    );
  }
  if (!known) return <Skeleton lines={8} />;
  return (
    <div class="run-environment">
      <Facts environment={known} />
      <Patch left={known.left_out} document={known.document} />
      <Packages dependencies={known.dependencies} />
      <Panel title="Everything that was recorded">
        <div class="preview-tree">
          <JsonTree value={known.document} depth={1} />
        </div>
      </Panel>
    </div>
  );
}

const WORDS: Readonly<Record<string, readonly ["good" | "warn" | "bad", string]>> = {
  full: ["good", "commit and patch restore every file"],
  partial: ["warn", "all but what is named as left out or missing"],
  no: ["bad", "there is no commit to go back to"],
};

function Facts(props: { readonly environment: Environment }): JSX.Element {
  const { run } = useRun();
  const { environment } = props;
  const groups = factsOf(environment);
  const [tone, words] = WORDS[environment.reproducible] ?? ["warn", ""];
  return (
    <Panel title="Machine and code" actions={<CopyMenu label="Copy the environment as" cli={() => cli.environment(run)} />}>
      <p class="row">
        <Badge tone={tone}>reproducible: {environment.reproducible}</Badge>
        <span class="soft">{words}</span>
        {environment.reproducible !== "no" && <code class="small">mltrack reproduce {run.short}</code>}
      </p>
      <div class="run-groups">
        {groups.map((group) => (
          <section key={group.title} aria-label={group.title}>
            <h3>{group.title}</h3>
            <dl class="run-pairs run-pairs-narrow">
              {group.facts.map(([name, value]) => (
                <div key={name} class="run-pair">
                  <dt>{name}</dt>
                  <dd>
                    <LongText text={value} />
                  </dd>
                </div>
              ))}
            </dl>
          </section>
        ))}
      </div>
    </Panel>
  );
}

/** The changes that lay in the working tree when the run started. */
function Patch(props: { readonly left: readonly string[]; readonly document: unknown }): JSX.Element {
  const { run } = useRun();
  const query = { path: "mltrack/code.patch", limit: 1 };
  const loaded = useResource<Page_Artifact>(`patch ${run.id}`, (signal) => get<Page_Artifact>(`/runs/${encodeURIComponent(run.id)}/artifacts`, query, { signal }));
  const artifact = loaded.value.value?.items[0] as Artifact | undefined;
  const source = artifact ? sourceOfArtifact(artifact) : null;
  return (
    <Panel title="Patch" actions={source ? <Download source={source} /> : undefined}>
      {loaded.error.value && <Failure error={loaded.error.value} onRetry={loaded.reload} />}
      {!loaded.value.value && !loaded.error.value && <Skeleton lines={4} />}
      {loaded.value.value && !source && <p class="soft">The working tree had no changes, or there was no repository.</p>}
      {source && <FilePreview source={source} />}
      {props.left.length > 0 && (
        <details class="run-left">
          <summary>{counted(props.left.length, "file")} left out</summary>
          <ul>
            {props.left.slice(0, 200).map((text) => (
              <li key={text} class="name small" dir="auto">
                {text}
              </li>
            ))}
          </ul>
        </details>
      )}
    </Panel>
  );
}

const COLUMNS: readonly TableColumn<Package>[] = [
  { key: "name", title: "Package", width: 200, grows: true, sticky: true, cell: (row) => <span class="cut" dir="auto">{row.name}</span> },
  { key: "version", title: "Version", width: 220, cell: (row) => <span class="cut mono" dir="auto" title={row.version}>{row.version}</span> },
  { key: "source", title: "From", width: 220, cell: (row) => <span class="cut soft" dir="auto" title={row.source}>{row.source}</span> },
];

function Packages(props: { readonly dependencies: unknown }): JSX.Element {
  const [search, setSearch] = useState("");
  const packages = useMemo(() => packagesOf(props.dependencies), [props.dependencies]);
  const found = packages.filter((each) => `${each.name} ${each.version}`.toLowerCase().includes(search.toLowerCase()));
  return (
    <Panel title={`Packages${packages.length > 0 ? ` (${packages.length})` : ""}`}>
      {packages.length === 0 && <p class="soft">No list of packages lay near the program.</p>}
      {packages.length > 8 && <TextField label="Find a package" isLabelHidden type="search" placeholder="Find a package" value={search} onInput={setSearch} />}
      {packages.length > 0 && found.length === 0 && <p class="soft">None of {packages.length} packages has these letters.</p>}
      {found.length > 0 && <Table label="Packages" columns={COLUMNS} rowCount={found.length} rowAt={(at) => found[at]} rowKey={(row) => row.source + row.name} height="50vh" />}
    </Panel>
  );
}

