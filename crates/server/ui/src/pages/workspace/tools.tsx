/**
 * What stands above the table: the filter, the group, what is hidden, the columns, the views, forms to copy.
 *
 * Invariant: names and values for the filter are those of this experiment; typing a filter makes one step of the
 * browser's history.
 */
import { signal } from "@preact/signals";
import type { JSX } from "preact";
import { useMemo, useRef } from "preact/hooks";

import { get, post } from "../../api/client";
import type { Name } from "../../filter/complete";
import { FilterBox } from "../../filter/filter-box";
import { quotedOrder, tokensOf } from "../../filter/lex";
import { Button, Chip, CopyMenu, grouped, Menu, Select, type Taken, type Taking } from "../../parts";
import { whyFixed } from "../../state/rights";
import { pinnedAt } from "../../state/url";
import { familyOf, titleOf } from "./columns";
import { command, csv, latex, markdown, python, rust, type Shown } from "./forms";
import type { Table } from "./table-state";
import * as view from "./view";
import { questionOf, ROW_FIELDS, type ColumnsForm, type GroupsForm, type Meant, type Row, type RowsPage } from "./wire";
import type { Wish } from "./dialogs";

/** Rows that are copied unless somebody wants all of them. */
const COPIED_MAX = 10_000;

export function Tools(props: {
  table: Table;
  names: ColumnsForm | undefined;
  meant: Meant;
  shown: () => Shown;
  ask: (wish: Wish | "columns" | "views") => void;
}): JSX.Element {
  const { table, names, meant, ask } = props;
  const total = table.rows.total.value;
  const chosen = table.selected.value.size;
  return (
    <section class="workspace-tools" aria-label="What is shown">
      <div class="workspace-line">
        <Filter table={table} names={names} experiment={meant.experiment} />
        <GroupBy names={names} />
        <Button onClick={() => ask("columns")}>Columns</Button>
        <Button onClick={() => ask("views")}>Views</Button>
        <More table={table} ask={ask} />
        <CopyAs {...props} />
      </div>
      <div class="workspace-line small soft">
        <span role="status">
          {total === null ? "…" : `${grouped(total)} runs`}
          {names !== undefined && total !== null && total < names.runs && ` of ${grouped(names.runs)}`}
          {chosen > 0 && ` · ${grouped(chosen)} selected`}
        </span>
        {meant.hidden.length > 0 && <Chip text={`${meant.hidden.length} hidden`} onRemove={() => view.hidden.set([])} />}
        {meant.deleted && <Chip text="with deleted" onRemove={() => view.withDeleted.set("")} />}
        {view.sort.signal.value.map((order) => (
          <Chip key={order} text={`${order.startsWith("-") ? "↓" : "↑"} ${titleOf(order.replace(/^-/, "")).slice(0, 80)}`}
            onRemove={() => view.sort.set(view.sort.signal.peek().filter((other) => other !== order))} />
        ))}
      </div>
    </section>
  );
}

function Filter(props: { table: Table; names: ColumnsForm | undefined; experiment: string }): JSX.Element {
  const { rows } = props.table;
  const isTyping = useRef(false);
  const names = useMemo(() => namesOf(props.names), [props.names]);
  const valuesOf = useValues(props.experiment);
  const error = rows.error.value;
  return (
    <FilterBox
      value={view.filter.signal}
      names={names}
      valuesOf={valuesOf}
      wrong={error?.place ?? null}
      notes={rows.notes.value}
      onChange={(next, isWhole) => {
        // The first letter is a step to go back to, the others take its place.
        if (next !== view.filter.signal.peek()) view.filter.set(next, { replace: isTyping.current });
        isTyping.current = !isWhole;
      }}
    />
  );
}

function namesOf(names: ColumnsForm | undefined): Name[] {
  if (names === undefined) return [];
  const of = (family: Name["family"], list: ColumnsForm["params"]): Name[] =>
    list.map(({ column, runs }) => ({ column, family, runs }));
  const all = [...of("metric", names.metrics), ...of("param", names.params), ...of("tag", names.tags)];
  return all.sort((a, b) => (b.runs ?? 0) - (a.runs ?? 0));
}

/** The values of a column, asked for when they are needed first. */
function useValues(experiment: string): (column: string) => readonly string[] {
  const known = useMemo(() => new Map<string, ReturnType<typeof signal<readonly string[]>>>(), [experiment]);
  return (column) => {
    const name = plainColumn(column);
    let values = known.get(name);
    if (values === undefined) {
      values = signal<readonly string[]>([]);
      known.set(name, values);
      const into = values;
      get<GroupsForm>("/runs/groups", { experiment, by: name, limit: 200 })
        .then(({ groups }) => (into.value = groups.map((group) => group.values[0]).filter((value) => value != null)))
        // A column that is not known yet has no values to suggest.
        .catch(() => undefined);
    }
    return values.value ?? [];
  };
}

/** A column of a filter as orders and groups take it. */
function plainColumn(column: string): string {
  const [token] = tokensOf(column);
  return token?.text ?? column;
}

function GroupBy(props: { names: ColumnsForm | undefined }): JSX.Element {
  const by = view.group.signal.value;
  const choices = useMemo(() => {
    const { names } = props;
    const found = names === undefined ? [] : [...names.params.filter((param) => param.differs), ...names.tags];
    return [".state", ...found.sort((a, b) => b.runs - a.runs).slice(0, 200).map(({ column }) => column)];
  }, [props.names]);
  const options = [
    ["", by.length > 0 ? "Not grouped" : "Group by …"] as const,
    ...[...new Set([...by, ...choices])].map((column) => [column, `${titleOf(column).slice(0, 60)}${familyOf(column) === "tag" ? " (tag)" : ""}`] as const),
  ];
  return (
    <Select label="Group by" isLabelHidden value={by[0] ?? ""} options={options}
      onChange={(column) => view.group.set(column === "" ? [] : [column])} />
  );
}

function More(props: { table: Table; ask: (wish: Wish) => void }): JSX.Element {
  const { table, ask } = props;
  // What is there under the keys changes with where they are and with the rows that came.
  void [table.active.value, table.rows.version.value];
  const none = table.selected.value.size === 0 && table.current() === undefined;
  return (
    <Menu
      label="Change"
      whyNot={whyFixed.value}
      items={[
        { title: "Tag", keys: "e", disabled: none, onChoose: () => ask("tags") },
        { title: "Add a note", keys: "n", disabled: none, onChoose: () => ask("note") },
        { title: "Rename", keys: "r", disabled: none, onChoose: () => ask("rename") },
        { title: "All runs of the filter …", onChoose: () => ask("bulk") },
      ]}
    />
  );
}

function CopyAs(props: { table: Table; meant: Meant; shown: () => Shown }): JSX.Element {
  const { table, meant, shown } = props;
  const form = (make: (columns: readonly string[], rows: readonly Row[]) => string, most = COPIED_MAX) => async (taking: Taking): Promise<Taken> => {
    const { rows, total } = await rowsUpTo(most, meant, table, taking);
    return { text: make(table.columns.peek(), rows), rows: rows.length, of: total, all: form(make, Infinity) };
  };
  return (
    <CopyMenu
      link={() => location.href}
      cli={() => command(shown(), location.origin)}
      python={() => python(shown())}
      rust={() => rust(shown())}
      csv={form(csv)}
      markdown={form(markdown)}
      latex={form(latex)}
    />
  );
}

/** The rows to copy: those selected, or those of the table up to a bound; and how many there are. */
async function rowsUpTo(most: number, meant: Meant, table: Table, taking: Taking): Promise<{ rows: Row[]; total: number }> {
  const ids = [...table.selected.peek()];
  const question = questionOf(meant);
  const filter = ids.length > 0 ? [`id in (${ids.map((id) => `'${id}'`).join(", ")})`] : question.filter;
  const rows: Row[] = [];
  for (;;) {
    const at = pinnedAt.peek();
    const page: RowsPage = await post<RowsPage>("/runs/search", {
      ...question, filter, sort: view.sort.signal.peek().map(quotedOrder), columns: table.columns.peek(), fields: ROW_FIELDS, limit: 1_000,
      ...(rows.length > 0 ? { offset: rows.length } : {}), ...(at === null ? {} : { at }),
    }, { signal: taking.signal });
    rows.push(...page.items);
    if (page.items.length === 0 || rows.length >= Math.min(page.total, most)) return { rows, total: Math.max(page.total, rows.length) };
    taking.told(rows.length, Math.min(page.total, most));
  }
}
