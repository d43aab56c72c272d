/**
 * Runs side by side: what they differ in first, then charts, environments, code, consoles, groups of replicates,
 * and whether those really differ.
 *
 * Invariant: a run that is gone or cannot be read leaves the others as they are.
 */
import type { ComponentChildren, JSX } from "preact";
import { useState } from "preact/hooks";

import { useResource } from "../../api/resource";
import { useTicks } from "../../live/live";
import { Boundary, Chip, Failure, Name, Select, Skeleton, Tabs, TextField } from "../../parts";
import { useActions } from "../../state/actions";
import { list, param, text, type Codec } from "../../state/url";
import { useThrottled } from "../run/context";
import { Alone, Nobody } from "./alone";
import { ChartsView } from "./charts-view";
import { ConsoleView } from "./console-view";
import { EnvironmentView } from "./environment-view";
import { GroupsView } from "./groups-view";
import { load, RUNS_MAX, type Compared, type Member } from "./load";
import { PatchesView } from "./patches-view";
import { StatisticsView } from "./statistics-view";
import { TableView } from "./table-view";
import "../run/parts/shared.css";
import "./compare.css";

const VIEWS = ["table", "charts", "environment", "code", "console", "replicates", "statistics"] as const;
type View = (typeof VIEWS)[number];

const viewCodec: Codec<View> = { read: (value) => VIEWS.find((view) => view === value), write: (view) => view };

export const runs = param<readonly string[]>("runs", list, []);
export const baseline = param("baseline", text, "");
const view = param<View>("view", viewCodec, "table");

const TITLES: Readonly<Record<View, string>> = {
  table: "Values",
  charts: "Charts",
  environment: "Environment",
  code: "Code",
  console: "Console",
  replicates: "Replicates",
  statistics: "Statistics",
};

export interface ViewProps {
  readonly compared: Compared;
  /** Where the baseline is among the members. */
  readonly base: number;
}

const PARTS: Readonly<Record<View, (props: ViewProps) => JSX.Element>> = {
  table: TableView,
  charts: ChartsView,
  environment: EnvironmentView,
  code: PatchesView,
  console: ConsoleView,
  replicates: GroupsView,
  statistics: StatisticsView,
};

export function ComparePage(): JSX.Element {
  const names = runs.signal.value;
  const loaded = useResource<Compared>(`compare ${names.join(",")}`, (signal) => load(names, signal));
  const known = loaded.value.value;
  const reload = useThrottled(loaded.reload, 2_000);
  useTicks({}, (tick) => {
    const isOurs = (id: string | null | undefined): boolean => known?.members.some((run) => run.id === id) ?? false;
    if (tick.points.some((points) => isOurs(points.run)) || tick.events.some((event) => isOurs(event.run))) reload();
  });
  if (names.length === 0) return <Page title="Compare runs"><Nobody /></Page>;
  if (!known) {
    return (
      <Page title="Compare runs">
        {loaded.error.value ? <Failure error={loaded.error.value} onRetry={loaded.reload} /> : <Skeleton lines={8} />}
      </Page>
    );
  }
  return (
    <Page title={`Compare ${known.members.length} ${known.members.length === 1 ? "run" : "runs"}`}>
      {loaded.error.value && <Failure error={loaded.error.value} onRetry={loaded.reload} />}
      {known.missing.map(({ name, error }) => (
        <p key={name} class="compare-missing">
          <Name text={name.slice(0, 200)} /> is left out: {error.message}{" "}
          <button type="button" class="run-more" onClick={() => runs.set(names.filter((other) => other !== name))}>
            Take it off the list
          </button>
        </p>
      ))}
      {new Set(names).size > RUNS_MAX && <p class="compare-missing">The first {RUNS_MAX} of {names.length} runs are compared.</p>}
      <Content compared={known} />
    </Page>
  );
}

function Page(props: { readonly title: string; readonly children: ComponentChildren }): JSX.Element {
  return (
    <div class="page compare-page">
      <header class="page-head">
        <h1>{props.title}</h1>
      </header>
      {props.children}
    </div>
  );
}

function Content(props: { readonly compared: Compared }): JSX.Element {
  const { members, goal } = props.compared;
  const asked = baseline.signal.value;
  const base = Math.max(0, members.findIndex((run) => run.id === asked || run.short === asked || run.name === asked));
  useActions([
    {
      id: "compare.baseline",
      title: "Make the next run the baseline",
      keys: "p",
      when: () => members.length > 1,
      run: () => baseline.set(members[(base + 1) % members.length]?.id ?? ""),
    },
    ...VIEWS.map((name) => ({ id: `compare.view.${name}`, title: `Compare: ${TITLES[name].toLowerCase()}`, run: () => view.set(name) })),
  ]);
  const first = members[0];
  if (!first) return <Nobody />;
  const current = view.signal.value;
  const Part = PARTS[current];
  return (
    <>
      <Members members={members} base={base} />
      {members.length === 1 && <Alone run={first} goal={goal} />}
      <Tabs label="What is compared" tabs={VIEWS.map((name) => ({ name, title: TITLES[name] }))} current={current} onChange={(name) => view.set(name)}>
        <Boundary key={current}>
          <div class="compare-view">
            <Part compared={props.compared} base={base} />
          </div>
        </Boundary>
      </Tabs>
    </>
  );
}

const SHOWN = 12;

function Members(props: { readonly members: readonly Member[]; readonly base: number }): JSX.Element {
  const { members, base } = props;
  const [isWhole, setWhole] = useState(false);
  const [adding, setAdding] = useState("");
  const shown = isWhole ? members : members.slice(0, SHOWN);
  const take = (): void => {
    if (adding.trim() === "") return;
    runs.set([...members.map((run) => run.id), adding.trim()]);
    setAdding("");
  };
  return (
    <div class="row compare-members">
      {shown.map((run) => (
        <Chip key={run.id} text={run.name} onRemove={() => runs.set(members.filter((other) => other !== run).map((other) => other.id))} />
      ))}
      {members.length > shown.length && (
        <button type="button" class="run-more" onClick={() => setWhole(true)}>
          {members.length - shown.length} more
        </button>
      )}
      <TextField label="Add a run" isLabelHidden placeholder="Add a run: name or id" value={adding} onInput={setAdding} onEnter={take} />
      {members.length > 1 && (
        <Select
          label="Baseline"
          value={members[base]?.id ?? ""}
          options={members.map((run) => [run.id, `${run.name.slice(0, 60)} (${run.short})`] as const)}
          onChange={(id) => baseline.set(id)}
        />
      )}
    </div>
  );
}
