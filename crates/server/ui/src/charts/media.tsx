/**
 * Images, sounds, texts, tables and matrices of runs, side by side, under one slider of steps.
 *
 * Invariants: one slider moves all of them; only what is at the step that is shown is loaded; two images are compared in
 * one place, of two runs or of two steps of one.
 */
import { useSignal } from "@preact/signals";
import type { JSX } from "preact";

import { Button, Empty, Failure, Select } from "../parts";
import { useActions } from "../state/actions";
import { ConfusionMatrix } from "./confusion";
import { samplesOf } from "./confusion-samples";
import { DataRows } from "./frame";
import { ImageBlink, ImageDifference, useBlink, type Blink, type PairedImage } from "./image-pair";
import { BYTES_MAX, Loaded } from "./loaded";
import { atStep, ownNames, type Medium } from "./media-model";
import { StepSlider } from "./step-slider";
import { runTitle, type RunRef } from "./types";
import { useMedia, type MediaOfRun } from "./use-media";

/** Runs that fit beside each other. */
const RUNS_MAX = 8;

type Mode = "side" | "blink" | "difference";
const MODES = [["side", "Side by side"], ["blink", "Blink"], ["difference", "Difference"]] as const;

/** Which two images are compared: whose, and where the other step is when both are of one run. */
interface Pairing {
  readonly mode: Mode;
  readonly first: number;
  readonly second: number;
  readonly otherStep: number;
}

export function MediaSteps(props: { runs: readonly RunRef[] }): JSX.Element {
  const runs = props.runs.slice(0, RUNS_MAX);
  const at = useSignal<number | null>(null);
  const pairing = useSignal<Pairing>({ mode: "side", first: 0, second: Math.min(1, runs.length - 1), otherStep: 0 });
  const resource = useMedia(runs);
  const hasImages = (resource.value.value ?? []).some(({ rows }) => [...rows.values()].some((row) => row.some(({ kind }) => kind === "image")));
  const blink = useBlink(pairing.value.mode === "blink");
  const change = (changed: Partial<Pairing>) => (pairing.value = { ...pairing.peek(), ...changed });
  const next = () => void (pairing.peek().mode === "blink" ? blink.change() : change({ mode: "blink" }));
  useActions([{ id: "media.blink", title: "Blink between two images", keys: "b", when: () => hasImages, run: next }]);
  const error = resource.error.value;
  if (error !== undefined) return <Failure error={error} onRetry={resource.reload} />;
  const all = resource.value.value ?? [];
  const names = [...new Set(all.flatMap(({ rows }) => ownNames(rows)))].sort();
  if (names.length === 0) return resource.isLoading.value ? <p class="soft">Loading</p> : <Empty title="No images, sounds, texts or tables were logged at a step." />;
  const steps = stepsOf(all);
  const place = Math.min(at.value ?? steps.length - 1, steps.length - 1);
  return (
    <section class="chart-media-all" aria-label="Media by step">
      <StepSlider steps={steps} at={place} onChange={(next) => (at.value = next)} />
      {hasImages && <PairBar all={all} steps={steps} pairing={pairing.value} blink={blink} onChange={change} />}
      {props.runs.length > runs.length && <p class="small soft">The first {RUNS_MAX} of {props.runs.length} runs are shown.</p>}
      {all.some(({ isCut }) => isCut) && <p class="small soft">There is more than 10,000 of these in a run: the first are shown.</p>}
      {names.map((name) => (
        <Row key={name} name={name} step={steps[place] ?? 0} otherStep={steps[Math.min(pairing.value.otherStep, steps.length - 1)] ?? 0} all={all} pairing={pairing.value} shown={blink.at} />
      ))}
    </section>
  );
}

function stepsOf(all: readonly MediaOfRun[]): number[] {
  const steps = all.flatMap(({ rows }) => [...rows.values()].flatMap((row) => row.map(({ step }) => step)));
  return [...new Set(steps)].sort((left, right) => left - right);
}

/** How two images are compared, and which. */
function PairBar(props: { all: readonly MediaOfRun[]; steps: readonly number[]; pairing: Pairing; blink: Blink; onChange: (changed: Partial<Pairing>) => void }): JSX.Element {
  const { all, steps, pairing, blink, onChange } = props;
  const runs = all.map(({ run }, index): [string, string] => [String(index), runTitle(run)]);
  return (
    <div class="chart-grid-bar">
      <Select label="Images" value={pairing.mode} options={MODES} onChange={(mode) => onChange({ mode })} />
      {pairing.mode !== "side" && all.length > 1 && (
        <>
          <Select label="First" value={String(pairing.first)} options={runs} onChange={(index) => onChange({ first: Number(index) })} />
          <Select label="Second" value={String(pairing.second)} options={runs} onChange={(index) => onChange({ second: Number(index) })} />
        </>
      )}
      {pairing.mode === "blink" && <Button onClick={blink.change}>Show the other (b)</Button>}
      {pairing.mode === "blink" && !blink.isStill && <Button onClick={blink.toggle}>{blink.isMoving ? "Stop" : "Blink"}</Button>}
      {pairing.mode !== "side" && pairing.first === pairing.second && (
        <StepSlider label="Other step" steps={steps} at={Math.min(pairing.otherStep, steps.length - 1)} onChange={(otherStep) => onChange({ otherStep })} />
      )}
    </div>
  );
}

interface RowProps {
  readonly name: string;
  readonly step: number;
  readonly otherStep: number;
  readonly all: readonly MediaOfRun[];
  readonly pairing: Pairing;
  /** Which of two images is seen. */
  readonly shown: 0 | 1;
}

function Row({ name, step, otherStep, all, pairing, ...props }: RowProps): JSX.Element {
  const shown = all.map((of) => ({ ...of, medium: atStep(of.rows.get(name) ?? [], step) }));
  const isWide = shown.some(({ medium }) => medium !== null && (medium.kind === "table" || medium.kind === "confusion"));
  const pair = pairing.mode === "side" ? null : pairOf(name, step, otherStep, all, pairing);
  return (
    <figure class="chart">
      <figcaption class="chart-head">
        <span class="chart-title cut" dir="auto">
          {name.slice(0, 200)}
        </span>
      </figcaption>
      {pair === null ? (
        <div class={`chart-media ${isWide ? "chart-media-wide" : ""}`}>
          {shown.map((of, index) => (
            <div key={of.run.id}>
              <div class="small soft cut" dir="auto">
                {all.length > 1 ? `${runTitle(of.run)} · ` : ""}
                {of.medium === null ? "nothing yet" : `step ${of.medium.step}`}
              </div>
              {of.medium !== null && <Shown name={name} of={of} medium={of.medium} other={otherOf(shown[index === 0 ? 1 : 0])} />}
            </div>
          ))}
        </div>
      ) : pairing.mode === "blink" ? (
        <ImageBlink name={name} pair={pair} at={props.shown} />
      ) : (
        <ImageDifference name={name} pair={pair} />
      )}
    </figure>
  );
}

/** The two images of a row that are compared; null where there are not two. */
function pairOf(name: string, step: number, otherStep: number, all: readonly MediaOfRun[], { first, second }: Pairing): [PairedImage, PairedImage] | null {
  const imageOf = (index: number, at: number): PairedImage | null => {
    const of = all[index];
    const medium = of === undefined ? null : atStep(of.rows.get(name) ?? [], at);
    if (of === undefined || medium?.kind !== "image" || medium.bytes > BYTES_MAX) return null;
    return { artifact: medium.artifact, title: `${all.length > 1 ? `${runTitle(of.run)}, ` : ""}step ${medium.step}` };
  };
  const [one, two] = [imageOf(first, step), imageOf(second, first === second ? otherStep : step)];
  return one === null || two === null ? null : [one, two];
}

function otherOf(of: { run: RunRef; medium: Medium | null } | undefined) {
  return of?.medium?.kind === "confusion" ? { name: runTitle(of.run), matrix: of.medium.matrix } : null;
}

function Shown(props: { name: string; of: MediaOfRun; medium: Medium; other: ReturnType<typeof otherOf> }): JSX.Element {
  const { name, of, medium, other } = props;
  switch (medium.kind) {
    case "text":
      return (
        <pre dir="auto" tabIndex={0}>
          {medium.text.slice(0, 100_000)}
        </pre>
      );
    case "table":
      return <DataRows title={name} table={medium.table} />;
    case "confusion":
      return (
        <ConfusionMatrix
          title={name}
          run={of.run.id}
          matrix={medium.matrix}
          samples={(actual, predicted) => samplesOf(of.rows, medium.step, actual, predicted)}
          {...(other === null ? {} : { other })}
        />
      );
    default:
      if (medium.bytes > BYTES_MAX) return <p class="soft">{Math.round(medium.bytes / 1_048_576)} MB: open it among the artifacts.</p>;
      return <Loaded key={medium.artifact} id={medium.artifact} kind={medium.kind} label={`${name} at step ${medium.step}`} />;
  }
}
