/**
 * What was taken for what: counts, shares of rows or columns, and the difference between two runs.
 *
 * Invariants: every cell says its number, colour only repeats it; a cell that is opened says its count and both shares,
 * and shows the samples behind it where the run logged them.
 */
import { useSignal } from "@preact/signals";
import type { JSX } from "preact";

import { Select } from "../parts";
import { CanvasChart, type Hit } from "./canvas-chart";
import { ConfusionCell } from "./confusion-cell";
import { accuracyOf, cellsOf, differenceOf, type Confusion, type ConfusionForm } from "./confusion-model";
import type { Samples } from "./confusion-samples";
import { shortNumber } from "./scale";
import type { Surface } from "./surface";
import { contrast, inkOn, shade, theme } from "./theme";

const FORMS = [["counts", "Counts"], ["rows", "Share of the actual (recall)"], ["columns", "Share of the predicted (precision)"]] as const;

export interface ConfusionProps {
  readonly title: string;
  readonly matrix: Confusion;
  /** The run that logged it. */
  readonly run: string;
  /** Another run's, to be subtracted. */
  readonly other?: { readonly name: string; readonly matrix: Confusion };
  /** What the run logged of a cell. */
  readonly samples?: (actual: string, predicted: string) => readonly Samples[];
}

/** What is drawn. */
interface Drawn {
  readonly labels: readonly string[];
  readonly cells: readonly (readonly number[])[];
  readonly isDifference: boolean;
  readonly text: (value: number) => string;
  readonly open: (actual: string, predicted: string) => void;
}

export function ConfusionMatrix(props: ConfusionProps): JSX.Element {
  const form = useSignal<ConfusionForm>("counts");
  const side = useSignal<"own" | "difference">("own");
  const opened = useSignal<{ actual: string; predicted: string } | null>(null);
  const difference = props.other && side.value === "difference" ? differenceOf(props.matrix, props.other.matrix, form.value) : null;
  const labels = difference?.labels ?? props.matrix.labels;
  const cells = difference?.cells ?? cellsOf(props.matrix, form.value);
  const drawn: Drawn = {
    labels,
    cells,
    isDifference: difference !== null,
    text: (value) => (form.value === "counts" ? shortNumber(value) : `${(value * 100).toFixed(1)} %`),
    open: (actual, predicted) => (opened.value = { actual, predicted }),
  };
  const accuracy = accuracyOf(props.matrix);
  return (
    <CanvasChart
      title={props.title}
      summary={`${labels.length} labels.${accuracy === null ? "" : ` ${(accuracy * 100).toFixed(1)} % right.`} Enter opens a cell.`}
      note={side.value === "difference" && difference === null ? "The two have no label in common." : null}
      asked={{ runs: [props.run], metric: props.title, kind: "json" }}
      height={Math.min(560, 60 + labels.length * 44)}
      paint={(surface, width, height) => paintMatrix(surface, width, height, drawn)}
      table={() => ({ columns: ["actual", ...labels], rows: labels.map((label, row) => [label, ...(cells[row] ?? [])]) })}
      actions={
        <>
          <Select label="Cells" isLabelHidden value={form.value} options={FORMS} onChange={(next) => (form.value = next)} />
          {props.other && (
            <Select
              label="Of"
              isLabelHidden
              value={side.value}
              options={[["own", "This run"], ["difference", `Minus ${props.other.name.slice(0, 40)}`]] as const}
              onChange={(next) => (side.value = next)}
            />
          )}
        </>
      }
    >
      {opened.value !== null && (
        <ConfusionCell
          {...opened.value}
          matrix={props.matrix}
          {...(props.other === undefined ? {} : { other: props.other })}
          samples={props.samples?.(opened.value.actual, opened.value.predicted) ?? []}
          onClose={() => (opened.value = null)}
        />
      )}
    </CanvasChart>
  );
}

function shortened(label: string, room: number): string {
  return label.length > room / 6.5 ? `${label.slice(0, Math.max(1, Math.floor(room / 6.5) - 1))}…` : label;
}

function paintMatrix(surface: Surface, width: number, height: number, drawn: Drawn): readonly Hit[] {
  const { labels, cells, text } = drawn;
  const colors = theme();
  const most = Math.max(1e-12, ...cells.flat().map(Math.abs));
  const left = Math.min(140, width * 0.28);
  const size = Math.min((width - left - 16) / labels.length, (height - 56) / labels.length);
  surface.text(left, 10, "predicted →", { fill: colors.soft });
  surface.text(left - 8, 32, "actual ↓", { fill: colors.soft, align: "right" });
  labels.forEach((label, at) => {
    surface.text(left - 8, 44 + (at + 0.5) * size, shortened(label, left - 12), { fill: colors.text, align: "right" });
    surface.text(left + (at + 0.5) * size, 32, shortened(label, size), { fill: colors.text, align: "center" });
  });
  return labels.flatMap((actual, row) =>
    labels.map((predicted, column): Hit => {
      const value = cells[row]?.[column] ?? 0;
      const fill = drawn.isDifference ? contrast(value / most, colors.isDark) : shade(value / most);
      const [x, y] = [left + column * size, 44 + row * size];
      surface.rect(x, y, size - 1, size - 1, { fill });
      if (size >= 26) surface.text(x + size / 2, y + size / 2, text(value), { fill: inkOn(fill), align: "center", size: Math.min(12, size / 4.2) });
      return { x, y, width: size - 1, height: size - 1, text: `${actual} taken for ${predicted}: ${text(value)}`, open: () => drawn.open(actual, predicted) };
    }),
  );
}
