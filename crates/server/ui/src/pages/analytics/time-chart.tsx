/**
 * Figures over time: bars on each other, or lines.
 *
 * Invariants: a stretch without a figure is a gap; series are told apart by pattern or dash besides their colour, and
 * named in the legend; what can be done with the pointer can be done by keys; the same figures are there as a table.
 */
import type { JSX } from "preact";
import { useId, useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";

import { barsOf, linesOf, maximumOf, ticksOf, type ChartSeries } from "./chart-shape";
import { fillOf, Patterns, Plot } from "./time-plot";

export interface TimeChartProps {
  readonly title: string;
  readonly kind: "bars" | "lines";
  readonly edges: readonly number[];
  readonly series: readonly ChartSeries[];
  /** A stretch in words. */
  readonly stretch: (index: number) => string;
  readonly format: (value: number) => string;
  /** The largest value that can be; what is there otherwise. */
  readonly maximum?: number;
  /** Some stretches were picked, by their places, the last one included. */
  readonly onPick?: (first: number, last: number) => void;
  /** The runs of a stretch are wanted. */
  readonly onOpen?: (index: number) => void;
}

const HEIGHT = 180;
const LEFT = 76;

export function TimeChart(props: TimeChartProps): JSX.Element {
  const [width, box] = useWidth();
  const [cursor, setCursor] = useState<number | null>(null);
  const [isTable, setTable] = useState(false);
  const id = useId();
  const count = props.edges.length - 1;
  const shape = useMemo(() => {
    const top = props.maximum ?? maximumOf(props.series, count, props.kind);
    const plot = { left: LEFT, top: 8, width: Math.max(40, width - LEFT - 8), height: HEIGHT - 8 - 24, maximum: top };
    const marks = props.kind === "bars" ? barsOf(props.series, props.edges, plot) : linesOf(props.series, props.edges, plot);
    return { plot, marks, ticks: ticksOf(top) };
  }, [props.series, props.edges, props.kind, props.maximum, width, count]);
  const move = (event: KeyboardEvent): void => {
    const at = cursor ?? count - 1;
    const next = { ArrowLeft: at - 1, ArrowRight: at + 1, Home: 0, End: count - 1 }[event.key];
    if (next !== undefined) setCursor(Math.min(count - 1, Math.max(0, next)));
    else if (event.key === "Enter" && cursor !== null) props.onOpen?.(cursor);
    else return;
    event.preventDefault();
  };
  return (
    <figure class="analytics-chart" ref={box}>
      <svg width="0" height="0" class="analytics-defs" aria-hidden="true">
        <Patterns id={id} series={props.series} />
      </svg>
      <figcaption class="analytics-caption">
        <Legend series={props.series} kind={props.kind} id={id} />
        <button type="button" class="button button-quiet" aria-pressed={isTable} onClick={() => setTable(!isTable)}>
          {isTable ? "As a chart" : "As a table"}
        </button>
      </figcaption>
      {isTable ? (
        <FigureTable {...props} />
      ) : (
        <div
          class="analytics-plot"
          tabIndex={0}
          role="img"
          aria-label={`${props.title}. ${wordsOf(props)}${cursor === null ? "" : `. ${readOf(props, cursor)}`}`}
          onKeyDown={move}
          onBlur={() => setCursor(null)}
        >
          <svg width={width} height={HEIGHT} aria-hidden="true">
            
            <Plot {...props} {...shape} id={id} cursor={cursor} onCursor={setCursor} />
          </svg>
        </div>
      )}
      <p class="analytics-read small" aria-live="polite">
        {cursor === null ? wordsOf(props) : readOf(props, cursor)}
      </p>
    </figure>
  );
}

function useWidth(): [number, { readonly current: HTMLElement | null }] {
  const box = useRef<HTMLElement>(null);
  const [width, setWidth] = useState(640);
  useLayoutEffect(() => {
    const element = box.current;
    if (element === null) return undefined;
    const look = (): void => setWidth(Math.max(200, element.clientWidth));
    look();
    const observer = new ResizeObserver(look);
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
  return [width, box];
}

function Legend(props: { series: readonly ChartSeries[]; kind: "bars" | "lines"; id: string }): JSX.Element {
  return (
    <span class="analytics-legend">
      {props.series.map((series, at) => (
        <span key={series.name} class="analytics-key small">
          <svg width="16" height="12" aria-hidden="true">
            {props.kind === "bars" ? (
              <rect width="16" height="12" rx="2" fill={fillOf(props.id, series, at)} />
            ) : (
              <line x1="0" x2="16" y1="6" y2="6" stroke={series.colour} stroke-width="2.5" stroke-dasharray={series.dash ?? undefined} />
            )}
          </svg>
          <span class="cut" dir="auto">
            {series.name.slice(0, 80)}
          </span>
        </span>
      ))}
    </span>
  );
}

function FigureTable(props: TimeChartProps): JSX.Element {
  return (
    <div class="analytics-figures" tabIndex={0} role="region" aria-label={`${props.title} as a table`}>
      <table>
        <thead>
          <tr>
            <th scope="col">From</th>
            {props.series.map(({ name }) => (
              <th key={name} scope="col" dir="auto">
                {name.slice(0, 80)}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {props.edges.slice(0, -1).map((edge, at) => (
            <tr key={edge}>
              <th scope="row">{props.stretch(at)}</th>
              {props.series.map(({ name, values }) => (
                <td key={name}>{valueText(values[at], props.format)}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function valueText(value: number | null | undefined, format: (value: number) => string): string {
  return value === null || value === undefined ? "–" : format(value);
}

function readOf(props: TimeChartProps, at: number): string {
  const read = props.series.filter(({ values }) => (values[at] ?? null) !== null && (props.kind === "lines" || values[at] !== 0));
  const words = read.map(({ name, values }) => `${name.slice(0, 60)} ${valueText(values[at], props.format)}`);
  return `${props.stretch(at)}: ${words.length === 0 ? "nothing" : words.join(", ")}`;
}

function wordsOf(props: TimeChartProps): string {
  const words = props.series.slice(0, 4).map(({ name, values }) => {
    const known = values.filter((value): value is number => value !== null);
    if (known.length === 0) return `${name.slice(0, 60)}: no figures`;
    const most = Math.max(...known);
    return `${name.slice(0, 60)}: most ${props.format(most)}, last ${props.format(known[known.length - 1] ?? 0)}`;
  });
  return words.join("; ");
}
