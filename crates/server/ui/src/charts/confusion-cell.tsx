/**
 * One cell of a confusion matrix: what it says, and the samples behind it.
 *
 * Invariant: it names its cell, and gets the focus when it is opened, so that keys alone reach what it shows.
 */
import type { JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";

import { Button } from "../parts";
import { cellFacts, type Confusion } from "./confusion-model";
import type { Samples } from "./confusion-samples";
import { DataRows } from "./frame";
import { Loaded } from "./loaded";

/** Pictures of a cell that are shown. */
const IMAGES_MAX = 24;

export function ConfusionCell(props: {
  actual: string;
  predicted: string;
  matrix: Confusion;
  other?: { readonly name: string; readonly matrix: Confusion };
  samples: readonly Samples[];
  onClose: () => void;
}): JSX.Element {
  const { actual, predicted, samples } = props;
  const box = useRef<HTMLElement>(null);
  useEffect(() => box.current?.focus(), [actual, predicted]);
  const images = samples.flatMap((each) => each.images);
  return (
    <section ref={box} class="chart-cell" aria-label={`${actual} taken for ${predicted}`} tabIndex={-1} onKeyDown={(event) => event.key === "Escape" && props.onClose()}>
      <div class="row">
        <strong dir="auto">
          {actual.slice(0, 100)} taken for {predicted.slice(0, 100)}
        </strong>
        <Button kind="quiet" onClick={props.onClose}>
          Close
        </Button>
      </div>
      <p>{wordsOf(props.matrix, actual, predicted)}</p>
      {props.other && (
        <p class="soft">
          {props.other.name}: {wordsOf(props.other.matrix, actual, predicted)}
        </p>
      )}
      {images.length > 0 && (
        <div class="chart-media">
          {images.slice(0, IMAGES_MAX).map(({ artifact, path }) => (
            <Loaded key={artifact} id={artifact} kind="image" label={path} />
          ))}
        </div>
      )}
      {images.length > IMAGES_MAX && <p class="small soft">The first {IMAGES_MAX} of {images.length} pictures are shown.</p>}
      {samples.map(({ name, table }) => (
        <div key={name}>
          <p class="small soft" dir="auto">
            {name.slice(0, 100)}: {table.rows.length} {table.rows.length === 1 ? "row" : "rows"}
          </p>
          {table.rows.length > 0 && <DataRows title={`${name}, ${actual} taken for ${predicted}`} table={table} />}
        </div>
      ))}
      {samples.length === 0 && <p class="small soft">The run logged no table at this step whose columns say what a sample is and what it was taken for.</p>}
    </section>
  );
}

function wordsOf(matrix: Confusion, actual: string, predicted: string): string {
  const facts = cellFacts(matrix, actual, predicted);
  if (facts === null) return "it has no such labels";
  const share = (part: number, whole: number) => (whole === 0 ? "none" : `${((part / whole) * 100).toFixed(1)} %`);
  const { count, ofActual, ofPredicted } = facts;
  return `${count} of ${ofActual} that are ${actual} (${share(count, ofActual)}), ${count} of ${ofPredicted} taken for ${predicted} (${share(count, ofPredicted)})`;
}
