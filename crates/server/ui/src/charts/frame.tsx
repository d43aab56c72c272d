/**
 * What is around every chart: its title, a sentence for those who do not see it, its numbers as a table, and every form
 * in which it can be taken along.
 *
 * Invariant: what is saved or copied is made from what is shown, when it is asked for.
 */
import type { ComponentChildren, JSX } from "preact";
import { useId, useState } from "preact/hooks";

import { Boundary, CopyMenu, IconButton, Menu, Table, VisuallyHidden, copy, type Taken } from "../parts";
import { csvOf, cliOf, latexOf, markdownOf, pythonOf, ROWS_MAX, rustOf, type Asked, type AskedRuns } from "./exports";
import type { DataTable } from "./line-words";
import { shortNumber } from "./scale";
import { saveBytes, savePng } from "./save";
import { SvgSurface } from "./svg";
import type { Surface } from "./surface";
import { theme } from "./theme";
import "./charts.css";

/** Paints a whole chart on a surface of that size. */
export type PaintWhole = (surface: Surface, width: number, height: number) => void;

export interface FrameProps {
  readonly title: string;
  readonly summary: string;
  readonly table: () => DataTable;
  readonly paint: PaintWhole;
  /** What it asks for, to ask the same elsewhere. */
  readonly asked?: Asked | AskedRuns;
  readonly actions?: ComponentChildren;
  readonly children: ComponentChildren;
  readonly isLoading?: boolean;
  readonly note?: string | null;
}

const WIDTH = 960;
const HEIGHT = 480;

export function ChartFrame(props: FrameProps): JSX.Element {
  const [isTable, setTable] = useState(false);
  const id = useId();
  const { title, asked } = props;
  const svg = () => {
    const surface = new SvgSurface(WIDTH, HEIGHT, theme().ground, title);
    props.paint(surface, WIDTH, HEIGHT);
    return surface.finish();
  };
  const file = title.replace(/[^\w.-]+/g, "_").slice(0, 80) || "chart";
  const items = [
    { title: "Save PNG", onChoose: () => void savePng(`${file}.png`, props.paint, WIDTH, HEIGHT, theme().ground) },
    { title: "Save SVG", onChoose: () => saveBytes(`${file}.svg`, svg(), "image/svg+xml") },
    { title: "Save CSV", onChoose: () => saveBytes(`${file}.csv`, csvOf(props.table()), "text/csv") },
    { title: "Copy SVG", onChoose: () => void copy(svg(), "SVG copied") },
  ];
  const forms = {
    link: () => location.href,
    csv: () => csvOf(props.table()),
    markdown: () => readable(markdownOf, props.table()),
    latex: () => readable(latexOf, props.table()),
    ...(asked === undefined ? {} : { cli: () => cliOf(asked), python: () => pythonOf(asked) }),
    ...(asked !== undefined && "metric" in asked && asked.kind === undefined ? { rust: () => rustOf(asked) } : {}),
  };
  return (
    <figure class="chart" aria-labelledby={id} aria-busy={props.isLoading}>
      <figcaption class="chart-head">
        <span id={id} class="chart-title cut" dir="auto" title={title.slice(0, 500)}>
          {title.slice(0, 200)}
        </span>
        <span class="chart-actions">
          {props.actions}
          <IconButton icon="menu" label={isTable ? "View as chart" : "View as table"} pressed={isTable} onClick={() => setTable(!isTable)} />
          <Menu label="Save chart" icon="down" align="end" items={items} />
          <CopyMenu {...forms} />
        </span>
      </figcaption>
      <VisuallyHidden>
        <span class="chart-summary">{props.summary}</span>
      </VisuallyHidden>
      {props.note && <p class="chart-note small soft">{props.note}</p>}
      <Boundary>{isTable ? <DataRows title={title} table={props.table()} /> : props.children}</Boundary>
    </figure>
  );
}

/** A form for people: of many rows some, and all when that is wanted. */
function readable(make: (table: DataTable, rowsMax?: number) => string, table: DataTable): Taken {
  const all = (): Taken => ({ text: make(table, Infinity), rows: table.rows.length, of: table.rows.length });
  return { text: make(table), rows: Math.min(ROWS_MAX, table.rows.length), of: table.rows.length, all };
}

/** The numbers of a chart. */
export function DataRows(props: { title: string; table: DataTable }): JSX.Element {
  const { columns, rows } = props.table;
  return (
    <Table
      label={`${props.title} as a table`}
      height={280}
      rowCount={rows.length}
      rowAt={(index) => rows[index]}
      rowKey={(_, index) => String(index)}
      columns={columns.map((name, column) => ({
        key: String(column),
        title: name,
        width: column === 0 ? 180 : 110,
        cell: (row: DataTable["rows"][number]) => cellText(row[column] ?? null),
      }))}
    />
  );
}

function cellText(cell: string | number | null): string {
  if (cell === null) return "";
  return typeof cell === "number" ? (Number.isInteger(cell) ? String(cell) : shortNumber(cell)) : cell.slice(0, 300);
}
