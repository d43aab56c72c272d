/**
 * One version of a model: its stage and moves, what it is made of, its files.
 *
 * Invariant: who moved it, when and from where stays in sight.
 */
import type { JSX } from "preact";
import { useState } from "preact/hooks";

import type { Model, ModelVersion, StageName } from "../../api/types";
import { Badge, Button, Identifier, Name, Select, Switch, Time, type Tone } from "../../parts";
import { failed } from "../../state/undo";
import { href } from "../../state/url";
import type { Shown } from "../datasets/thing-page";
import * as things from "../datasets/things";
import { VersionPanel, type Fact } from "../datasets/version-panel";
import { LongText } from "../run/overview";
import { TextDialog } from "../run/parts/form-dialog";

const STAGES = ["None", "Staging", "Production", "Archived"] as const;
const TONES: Readonly<Record<string, Tone>> = { Production: "good", Staging: "warn", Archived: "plain" };

export function StageBadge(props: { readonly stage: string }): JSX.Element | null {
  if (props.stage === "None") return null;
  return <Badge tone={TONES[props.stage] ?? "plain"}>{props.stage}</Badge>;
}

type Props = Shown<Model, ModelVersion>;

export function Version(props: Props): JSX.Element {
  const { item, version, whyFixed, reload } = props;
  const [isDescribing, setDescribing] = useState(false);
  const act = (work: Promise<unknown>, what: string): void => void work.then(reload, (error: unknown) => failed(what, error));
  const describe = (
    <Button kind="quiet" disabled={whyFixed !== null} {...(whyFixed === null ? {} : { title: whyFixed })} onClick={() => setDescribing(true)}>
      Describe
    </Button>
  );
  return (
    <>
      <VersionPanel
        kind="models"
        name={item.name}
        version={version}
        whyFixed={whyFixed}
        reload={reload}
        facts={factsOf(version)}
        actions={describe}
        details={[
          ["Signature", version.signature],
          ["Metadata", version.metadata],
        ]}
      >
        {version.description !== "" && (
          <p class="thing-description">
            <LongText text={version.description} kind="words" />
          </p>
        )}
        <Stage {...props} act={act} />
      </VersionPanel>
      {isDescribing && (
        <TextDialog
          title={`Describe version ${version.number}`}
          label="Description"
          value={version.description}
          mayBeEmpty
          onClose={() => setDescribing(false)}
          onSave={(description) => {
            setDescribing(false);
            act(things.editVersion("models", item.name, version.number, { description }, `Described v${version.number}`), "Describe");
          }}
        />
      )}
    </>
  );
}

function factsOf(version: ModelVersion): readonly Fact[] {
  return [
    ["Made by", version.run ? <a href={href(`/runs/${encodeURIComponent(version.run)}`)}>run {version.run}</a> : null],
    ["Flavour", version.flavour === "" ? null : <Name text={version.flavour} />],
    ["Source", version.source === "" ? null : <Name text={version.source} />],
    ["Made of", version.artifacts.length === 0 ? null : <Artifacts ids={version.artifacts} />],
    ["Added", <Time time={version.time} style="full" />],
    ["By", version.actor === "" ? null : <Name text={version.actor} />],
    ["Record", <a href={href("/log", { at: version.lsn })}>{version.lsn}</a>],
  ];
}

function Artifacts(props: { readonly ids: readonly string[] }): JSX.Element {
  return (
    <>
      {props.ids.slice(0, 20).map((id) => (
        <span key={id} class="row">
          <a href={href(`/artifacts/${encodeURIComponent(id)}`)}>artifact</a>
          <Identifier id={id} />
        </span>
      ))}
      {props.ids.length > 20 && <span class="soft">and {props.ids.length - 20} more</span>}
    </>
  );
}

function Stage(props: Props & { readonly act: (work: Promise<unknown>, what: string) => void }): JSX.Element {
  const { item, version, whyFixed } = props;
  const [isAlone, setAlone] = useState(true);
  const options = (STAGES.includes(version.stage as StageName) ? STAGES : [version.stage, ...STAGES]).map((stage) => [stage, stage] as const);
  return (
    <section class="thing-moves" aria-label="Stage">
      <div class="row">
        <h3>Stage</h3>
        {whyFixed === null && !version.removed ? (
          <>
            <Select
              label={`Stage of version ${version.number}`}
              isLabelHidden
              value={version.stage}
              options={options}
              onChange={(stage) => props.act(things.moveStage(item.name, version.number, stage as StageName, isAlone && stage !== "None" && stage !== "Archived"), "Move")}
            />
            <Switch label="Archive others in that stage" isOn={isAlone} onChange={setAlone} />
          </>
        ) : (
          <StageBadge stage={version.stage} />
        )}
      </div>
      {version.moves.length > 0 && (
        <ol class="thing-moves small">
          {[...version.moves]
            .reverse()
            .slice(0, 50)
            .map((move) => (
              <li key={move.lsn} class="row">
                <span>
                  {move.from} → <strong>{move.to}</strong>
                </span>
                {move.actor !== "" && <Name text={move.actor} />}
                <span class="soft">
                  <Time time={move.time} />
                </span>
                <a href={href("/log", { at: move.lsn })}>lsn {move.lsn}</a>
              </li>
            ))}
        </ol>
      )}
    </section>
  );
}
