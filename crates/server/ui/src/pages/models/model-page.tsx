/**
 * One model: its versions with stages and aliases, their files, and the runs that made and used them.
 *
 * Invariant: the stage and the aliases of every version are in sight, whichever of them is looked at.
 */
import type { JSX } from "preact";

import type { Model, ModelVersion } from "../../api/types";
import { Badge, type TableColumn } from "../../parts";
import { href } from "../../state/url";
import { literal, shellWord } from "../compare/export";
import { ThingPage } from "../datasets/thing-page";
import { Aliases } from "./aliases";
import { StageBadge, Version } from "./model-version";

const ALIASES_SHOWN = 5;

export function ModelPage(props: { readonly id: string }): JSX.Element {
  return (
    <ThingPage<ModelVersion, Model>
      kind="models"
      id={props.id}
      columns={columnsOf}
      addLine={(name) => `mltrack model add ${shellWord(name)} --file model.pt --run @last`}
      about={(shown) => <Version {...shown} />}
      aside={(shown) => <Aliases {...shown} />}
      usesTitle="Used by"
      useLine={(name) => `run.use_model(${literal(name)})`}
    />
  );
}

function columnsOf(item: Model): readonly TableColumn<ModelVersion>[] {
  return [
    { key: "stage", title: "Stage", width: 120, cell: (row) => (row.stage === "None" ? <span class="faint">–</span> : <StageBadge stage={row.stage} />) },
    { key: "aliases", title: "Aliases", width: 160, grows: true, cell: (row) => <AliasesOf item={item} number={row.number} /> },
    {
      key: "run",
      title: "Made by",
      width: 120,
      cell: (row) =>
        row.run ? (
          <a class="cut mono" href={href(`/runs/${encodeURIComponent(row.run)}`)}>
            {row.run}
          </a>
        ) : (
          <span class="faint">–</span>
        ),
    },
  ];
}

function AliasesOf(props: { readonly item: Model; readonly number: number }): JSX.Element {
  const names = Object.entries(props.item.aliases).flatMap(([alias, number]) => (number === props.number ? [alias] : []));
  return (
    <span class="cut" title={names.join(", ").slice(0, 500)}>
      {names.slice(0, ALIASES_SHOWN).map((alias) => (
        <Badge key={alias} tone="accent">
          {alias.slice(0, 40)}
        </Badge>
      ))}
    </span>
  );
}
