/**
 * A table of a file, with its rows numbered and sorted by any column.
 *
 * Invariant: sorting never loses a row; numbers are sorted as numbers.
 */
import type { JSX } from "preact";
import { useMemo, useState } from "preact/hooks";

import { counted, Table, type TableColumn } from "../../../parts";
import { parseTable } from "../text/table";

const COLUMNS_MAX = 100;
const ORDER = new Intl.Collator("en", { numeric: true });

function compare(one: string, other: string): number {
  const [first, second] = [Number(one), Number(other)];
  if (one !== "" && other !== "" && !Number.isNaN(first) && !Number.isNaN(second)) return first - second;
  return ORDER.compare(one, other);
}

export function TableView(props: { readonly text: string; readonly isPart: boolean }): JSX.Element {
  const table = useMemo(() => parseTable(props.text, props.isPart), [props.text, props.isPart]);
  const [sort, setSort] = useState<{ column: number; isDown: boolean } | null>(null);
  const rows = useMemo(() => {
    const numbered = table.rows.map((cells, at) => ({ at, cells }));
    if (sort === null) return numbered;
    const sign = sort.isDown ? -1 : 1;
    return numbered.sort((one, other) => sign * compare(one.cells[sort.column] ?? "", other.cells[sort.column] ?? "") || one.at - other.at);
  }, [table, sort]);
  type Row = (typeof rows)[number];
  const columns: TableColumn<Row>[] = [
    { key: "#", title: "#", width: 64, align: "end", sticky: true, cell: (row) => <span class="faint">{row.at + 1}</span> },
    ...table.header.slice(0, COLUMNS_MAX).map((name, column): TableColumn<Row> => {
      const isNumber = table.rows.slice(0, 50).every((cells) => (cells[column] ?? "") === "" || !Number.isNaN(Number(cells[column])));
      const longest = Math.max(name.length, ...table.rows.slice(0, 50).map((cells) => (cells[column] ?? "").length));
      return {
        key: String(column),
        title: <span class="cut" dir="auto">{name === "" ? `(${column + 1})` : name.slice(0, 200)}</span>,
        width: Math.min(320, Math.max(72, longest * 8 + 32)),
        align: isNumber ? "end" : "start",
        sort: sort?.column === column ? (sort.isDown ? "desc" : "asc") : null,
        onSort: () => setSort(sort?.column === column ? (sort.isDown ? null : { column, isDown: true }) : { column, isDown: false }),
        cell: (row) => (
          <span class="cut" dir="auto" title={(row.cells[column] ?? "").slice(0, 2_000)}>
            {(row.cells[column] ?? "").slice(0, 1_000)}
          </span>
        ),
      };
    }),
  ];
  return (
    <div class="preview-table">
      <p class="soft small">
        {counted(rows.length, "row")}, {counted(table.header.length, "column")}
        {table.isCut && ", and more in the file"}
        {table.header.length > COLUMNS_MAX && `; the first ${COLUMNS_MAX} columns are shown`}
      </p>
      <Table label="Rows of the file" columns={columns} rowCount={rows.length} rowAt={(index) => rows[index]} rowKey={(row) => String(row.at)} height="60vh" />
    </div>
  );
}
