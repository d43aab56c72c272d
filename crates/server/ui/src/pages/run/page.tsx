/**
 * One run: its head, its tabs and what can be done to it.
 *
 * Invariant: the tab is part of the address; a tab that fails leaves the others as they are.
 */
import type { ComponentChildren, JSX } from "preact";

import type { Run } from "../../api/types";
import { Boundary, Empty, Failure, grouped, Skeleton, Tabs, type TabItem } from "../../parts";
import { param, type Codec } from "../../state/url";
import { RunContext, useGoal, useRunOf, useWhyFixed, type RunView } from "./context";
import { RunHead } from "./head";
import { isSystemMetric } from "./metrics";
import { Overview } from "./overview";
import { later } from "./parts/later";
import "./parts/shared.css";
import "./run.css";

const NAMES = ["overview", "charts", "system", "artifacts", "console", "environment", "lineage", "events"] as const;
export type TabName = (typeof NAMES)[number];

const tabCodec: Codec<TabName> = {
  read: (text) => NAMES.find((name) => name === text),
  write: (name) => name,
};

export const tab = param<TabName>("tab", tabCodec, "overview");

const Charts = later(() => import("./charts").then((module) => module.ChartsTab));
const System = later(() => import("./charts").then((module) => module.SystemTab));
const Artifacts = later(() => import("./artifacts").then((module) => module.ArtifactsTab));
const Console = later(() => import("./console").then((module) => module.ConsoleTab));
const Environment = later(() => import("./environment").then((module) => module.EnvironmentTab));
const Lineage = later(() => import("./lineage").then((module) => module.LineageTab));
const Events = later(() => import("./events").then((module) => module.EventsTab));

const TITLES: Readonly<Record<TabName, string>> = {
  overview: "Overview",
  charts: "Charts",
  system: "System",
  artifacts: "Artifacts",
  console: "Console",
  environment: "Environment",
  lineage: "Lineage",
  events: "Events",
};

function tabsOf(run: Run): readonly TabItem<TabName>[] {
  const metrics = Object.keys(run.metrics).filter((name) => !isSystemMetric(name)).length;
  const counts: Partial<Record<TabName, number>> = { charts: metrics, console: run.lines };
  return NAMES.map((name) => {
    const count = counts[name] ?? 0;
    const title: ComponentChildren = count > 0 ? [TITLES[name], " ", <span class="run-count">{grouped(count)}</span>] : TITLES[name];
    return { name, title };
  });
}

function Content(props: { readonly name: TabName }): JSX.Element {
  switch (props.name) {
    case "overview":
      return <Overview />;
    case "charts":
      return <Charts />;
    case "system":
      return <System />;
    case "artifacts":
      return <Artifacts />;
    case "console":
      return <Console />;
    case "environment":
      return <Environment />;
    case "lineage":
      return <Lineage />;
    case "events":
      return <Events />;
  }
}

export function RunPage(props: { readonly id: string }): JSX.Element {
  const loaded = useRunOf(props.id);
  const run = loaded.value.value;
  const goal = useGoal(run?.experiment_id);
  const whyFixed = useWhyFixed();
  const error = loaded.error.value;
  if (!run) {
    if (!error) return <div class="page run-page"><Skeleton lines={8} /></div>;
    return (
      <div class="page run-page">
        <h1>Run</h1>
        <Failure error={error} onRetry={loaded.reload} />
        {error.code === "NOT_FOUND" && (
          <Empty title="There is no such run" lines={[{ title: "Runs of the store", text: "mltrack runs" }]}>
            <p class="soft">
              It may be in another store, or it was purged. <a href="/search">Search all runs</a>, or begin at the{" "}
              <a href="/">experiments</a>.
            </p>
          </Empty>
        )}
      </div>
    );
  }
  const view: RunView = { run, ...goal, whyFixed, reload: loaded.reload };
  return (
    <RunContext.Provider value={view}>
      <div class="page run-page">
        <RunHead />
        {error && <Failure error={error} onRetry={loaded.reload} />}
        <Tabs label="Parts of the run" tabs={tabsOf(run)} current={tab.signal.value} onChange={(name) => tab.set(name)}>
          <Boundary key={tab.signal.value}>
            <Content name={tab.signal.value} />
          </Boundary>
        </Tabs>
      </div>
    </RunContext.Provider>
  );
}
