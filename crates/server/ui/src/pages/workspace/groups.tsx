/**
 * Runs in groups: how many each has, and the mean and the best of every metric that is shown.
 *
 * Invariant: opening a group is a clause of the filter, so that a step back leads to the groups again.
 */
import type { JSX } from "preact";

import { get } from "../../api/client";
import { useResource } from "../../api/resource";
import { Failure, grouped, Skeleton, Table, type TableColumn } from "../../parts";
import { including } from "../../filter/clauses";
import { quotedColumn, quotedText } from "../../filter/lex";
import { change, list } from "../../state/url";
import { numberText } from "./cells";
import { familyOf, titleOf } from "./columns";
import { questionOf, type GroupsForm, type Meant, type NumbersForm } from "./wire";

type Group = GroupsForm["groups"][number];
const NUMBERS_MAX = 12;

/** The metric that the experiment is after, and whether it is to be small. */
export interface Goal {
  readonly metric: string;
  readonly direction: string;
}

/** Whether the smallest value is the best: what the goal says, and of other metrics what their names say. */
export function isLessBetter(column: string, goal: Goal | null): boolean {
  if (column === goal?.metric) return goal.direction === "min";
  return column === ".took" || /loss|error|perplexity|rmse|mae|latency/i.test(column);
}

/** The clauses that admit the runs of a group. */
export function clausesOfGroup(by: readonly string[], values: readonly (string | null)[]): string[] {
  return by.map((column, at) => {
    const value = values[at];
    const name = quotedColumn(column);
    return value === null || value === undefined ? `${name} is null` : `${name} = ${quotedText(value)}`;
  });
}

export function Groups(props: {
  meant: Meant;
  by: readonly string[];
  columns: readonly string[];
  goal: Goal | null;
}): JSX.Element {
  const { meant, by } = props;
  const numbers = props.columns.filter((column) => familyOf(column) === "metric" || column === ".took").slice(0, NUMBERS_MAX);
  const question = questionOf(meant);
  const { value, error, reload } = useResource(JSON.stringify([question, by, numbers]), (signal) =>
    get<GroupsForm>("/runs/groups", { ...(question as Record<string, string>), by, columns: numbers, limit: 1_000 }, { signal }),
  );
  if (error.value !== undefined) return <Failure error={error.value} onRetry={reload} />;
  const groups = value.value;
  if (groups === undefined) return <Skeleton lines={8} />;
  const open = (group: Group): void => {
    const filter = clausesOfGroup(by, group.values).reduce(including, meant.filter);
    change({ q: filter, group: null });
  };
  return (
    <div class="runs-groups">
      <p class="soft small">
        {grouped(groups.total)} groups of {grouped(groups.runs)} runs
        {groups.total > groups.groups.length && `, the largest ${grouped(groups.groups.length)} shown`}. Enter opens one.
      </p>
      <Table
        label={`Runs by ${list.write(by.map(titleOf))}`}
        columns={columnsOf(by, numbers, props.goal)}
        rowCount={groups.groups.length}
        rowAt={(at) => groups.groups[at]}
        rowKey={(group) => JSON.stringify(group.values)}
        onOpen={open}
        height="100%"
      />
    </div>
  );
}

function columnsOf(by: readonly string[], numbers: readonly string[], goal: Goal | null): TableColumn<Group>[] {
  const keys = by.map(
    (column, at): TableColumn<Group> => ({
      key: `by ${column}`,
      title: titleOf(column).slice(0, 100),
      width: 160,
      grows: at === by.length - 1,
      cell: (group) => <Value text={group.values[at]} />,
    }),
  );
  const count: TableColumn<Group> = {
    key: "runs", title: "Runs", width: 96, align: "end", cell: (group) => grouped(group.runs),
  };
  const means = numbers.flatMap((column): TableColumn<Group>[] => {
    const name = titleOf(column).slice(0, 60);
    return [
      { key: `mean ${column}`, title: `${name}, mean`, width: 136, align: "end", cell: (group) => text(group.columns[column]?.mean) },
      {
        key: `best ${column}`, title: `${name}, best`, width: 136, align: "end",
        cell: (group) => text(best(group.columns[column], isLessBetter(column, goal))),
      },
    ];
  });
  return [...keys, count, ...means];
}

function best(numbers: NumbersForm | undefined, isLess: boolean): NumbersForm["min"] | undefined {
  return isLess ? numbers?.min : numbers?.max;
}

function text(value: number | string | null | undefined): string {
  return value === null || value === undefined ? "" : typeof value === "number" ? numberText(value) : value;
}

function Value(props: { text: string | null | undefined }): JSX.Element {
  if (props.text === null || props.text === undefined) return <span class="faint">none</span>;
  return <span class="cut" dir="auto" title={props.text.slice(0, 2_000)}>{props.text === "" ? "(empty)" : props.text.slice(0, 200)}</span>;
}
