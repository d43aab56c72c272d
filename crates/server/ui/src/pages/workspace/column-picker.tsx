/**
 * Which columns are shown: a search over all names that the runs have, and the order of those that are shown.
 *
 * Invariant: of a thousand names those that are found are drawn, up to a screenful; everything is done by keys too.
 */
import type { JSX } from "preact";
import { useMemo, useState } from "preact/hooks";

import { Button, Dialog, grouped, IconButton, TextField } from "../../parts";
import { preferences } from "../../state/preferences";
import { ATTRIBUTE_COLUMNS, familyOf, titleOf } from "./columns";
import type { Table } from "./table-state";
import { fixed } from "./view";
import type { ColumnsForm } from "./wire";

const SHOWN_MAX = 100;

interface Choice {
  readonly column: string;
  readonly runs: number | null;
}

export function ColumnPicker(props: { table: Table; names: ColumnsForm | undefined; experiment: string; onClose: () => void }): JSX.Element {
  const { table } = props;
  const [wanted, setWanted] = useState("");
  const choices = useMemo(() => choicesOf(props.names), [props.names]);
  const words = wanted.toLowerCase().split(/\s+/).filter(Boolean);
  const found = choices.filter(({ column }) => words.every((word) => column.toLowerCase().includes(word)));
  const shown = table.columns.value;
  const set = new Set(shown);
  const change = (column: string): void =>
    table.show(set.has(column) ? shown.filter((other) => other !== column) : [...shown, column]);
  return (
    <Dialog title="Columns" onClose={props.onClose}>
      <div class="columns-picker">
        <section aria-label="All columns">
          <TextField label={`Find among ${grouped(choices.length)}`} type="search" value={wanted} onInput={setWanted} autoFocus
            onEnter={() => found[0] !== undefined && change(found[0].column)} />
          <ul class="columns-list">
            {found.slice(0, SHOWN_MAX).map(({ column, runs }) => (
              <li key={column}>
                <label class="columns-choice">
                  <input type="checkbox" checked={set.has(column)} onChange={() => change(column)} />
                  <span class="cut" dir="auto" title={column}>{titleOf(column).slice(0, 200)}</span>
                  <span class="faint small">{familyOf(column)}{runs !== null && ` · ${grouped(runs)}`}</span>
                </label>
              </li>
            ))}
          </ul>
          {found.length > SHOWN_MAX && <p class="faint small">{found.length - SHOWN_MAX} more: write more of the name</p>}
          {found.length === 0 && <p class="soft">No run has such a name.</p>}
        </section>
        <Shown table={table} />
      </div>
      <div class="row">
        <Button onClick={() => table.show([])}>Those it was opened with</Button>
        <Mine table={table} experiment={props.experiment} />
        <Button kind="primary" onClick={props.onClose}>Done</Button>
      </div>
    </Dialog>
  );
}

/** Keeps the columns that are shown as those that this user's experiment is opened with. */
function Mine(props: { table: Table; experiment: string }): JSX.Element {
  const { table, experiment } = props;
  const { [experiment]: mine, ...others } = preferences.columns.value;
  const columns = table.columns.value;
  if (mine !== undefined && mine.join() === columns.join()) {
    return <Button onClick={() => preferences.columns.set(others)}>Do not open with these any more</Button>;
  }
  const keep = (): void => {
    preferences.columns.set({ ...others, [experiment]: columns });
    table.show([]);
  };
  return <Button onClick={keep}>Always open with these</Button>;
}

function Shown(props: { table: Table }): JSX.Element {
  const { table } = props;
  const columns = table.columns.value;
  const stays = fixed.signal.value;
  return (
    <section aria-label="Shown columns">
      <h3>Shown: {columns.length}</h3>
      <ol class="columns-list">
        {columns.slice(0, SHOWN_MAX).map((column, at) => (
          <li key={column} class="columns-shown">
            <span class="cut" dir="auto" title={column}>{titleOf(column).slice(0, 200)}</span>
            <IconButton icon="link" label={`${at < stays ? "Let go of" : "Pin"} ${titleOf(column).slice(0, 80)}`} pressed={at < stays} onClick={() => table.pin(column)} />
            <IconButton icon="up" label={`Move ${titleOf(column).slice(0, 80)} up`} disabled={at === 0} onClick={() => table.move(column, -1)} />
            <IconButton icon="down" label={`Move ${titleOf(column).slice(0, 80)} down`} disabled={at === columns.length - 1} onClick={() => table.move(column, 1)} />
            <IconButton icon="close" label={`Hide ${titleOf(column).slice(0, 80)}`} disabled={columns.length === 1}
              onClick={() => table.show(columns.filter((other) => other !== column))} />
          </li>
        ))}
      </ol>
    </section>
  );
}

function choicesOf(names: ColumnsForm | undefined): Choice[] {
  const attributes = ATTRIBUTE_COLUMNS.map((column): Choice => ({ column, runs: null }));
  if (names === undefined) return attributes;
  const all = [...names.metrics, ...names.params, ...names.tags].sort((a, b) => b.runs - a.runs);
  return [...attributes, ...all.map(({ column, runs }) => ({ column, runs }))];
}
