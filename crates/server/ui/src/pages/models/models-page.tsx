/**
 * The models of the store.
 *
 * Invariant: every version that is in production or staging is named.
 */
import type { JSX } from "preact";

import type { Model } from "../../api/types";
import { Badge, type TableColumn } from "../../parts";
import { ThingsPage } from "../datasets/things-page";

const ALIASES_SHOWN = 3;

const COLUMNS: readonly TableColumn<Model>[] = [
  { key: "production", title: "Production", width: 110, cell: (row) => <InStage row={row} stage="Production" /> },
  { key: "staging", title: "Staging", width: 110, cell: (row) => <InStage row={row} stage="Staging" /> },
  { key: "aliases", title: "Aliases", width: 200, cell: (row) => <Aliases row={row} /> },
];

function InStage(props: { readonly row: Model; readonly stage: string }): JSX.Element {
  const versions = props.row.versions.filter((version) => version.stage === props.stage && !version.removed);
  const words = versions.map((version) => `v${version.number}`).join(", ");
  if (words === "") return <span class="faint">–</span>;
  return (
    <span class="cut" title={words.slice(0, 2_000)}>
      <Badge tone={props.stage === "Production" ? "good" : "warn"}>{words.slice(0, 40)}</Badge>
    </span>
  );
}

function Aliases(props: { readonly row: Model }): JSX.Element {
  const aliases = Object.entries(props.row.aliases);
  if (aliases.length === 0) return <span class="faint">–</span>;
  return (
    <span class="cut" title={aliases.map(([alias, version]) => `${alias} → v${version}`).join(", ").slice(0, 2_000)}>
      {aliases.slice(0, ALIASES_SHOWN).map(([alias, version]) => (
        <Badge key={alias}>
          {alias.slice(0, 24)} → v{version}
        </Badge>
      ))}
    </span>
  );
}

export function ModelsPage(): JSX.Element {
  return (
    <ThingsPage
      kind="models"
      title="Models"
      columns={COLUMNS}
      lines={[
        { title: "Shell", text: "mltrack model add resnet --file model.pt --run @last" },
        { title: "Python", text: 'run.log_model("model.pt", "resnet")' },
      ]}
      words="Versions of models, with stages and aliases, and the runs that made them."
    />
  );
}
