/**
 * The metrics of a run as charts: those of the program, and those of the machine.
 *
 * Invariant: nothing is drawn of a run without metrics; it says how long it has been running instead.
 */
import type { JSX } from "preact";
import { useState } from "preact/hooks";

import { get } from "../../api/client";
import { serverNow } from "../../api/reach";
import { useResource } from "../../api/resource";
import { ChartGrid, HistogramsOverTime, MediaSteps, SystemCharts, type RunRef } from "../../charts";
import { Button, durationText, Empty, Failure } from "../../parts";
import { href } from "../../state/url";
import { runSeconds, useRun } from "./context";
import { isSystemMetric } from "./metrics";
import { MetricsPanel } from "./metrics-table";

const HISTOGRAMS_MAX = 24;

function refOf(run: ReturnType<typeof useRun>["run"]): RunRef {
  return { id: run.id, name: run.name, short: run.short, experiment: run.experiment };
}

export function ChartsTab(): JSX.Element {
  const { run } = useRun();
  const names = Object.keys(run.metrics).filter((name) => !isSystemMetric(name));
  const histograms = useHistograms(run.id);
  return (
    <div class="run-charts">
      {names.length === 0 && histograms.names?.length === 0 && <Nothing what="metric" />}
      {names.length > 0 && <ChartGrid runs={[refOf(run)]} metrics={names} scope="run" />}
      {names.length > 0 && <MetricsPanel run={run} names={names} />}
      {histograms.failure}
      {histograms.names?.map((name) => (
        <HistogramsOverTime key={name} run={run.id} name={name} />
      ))}
      <Media run={refOf(run)} />
    </div>
  );
}

/** Images, sounds, texts and tables: they are fetched when somebody asks for them. */
function Media(props: { readonly run: RunRef }): JSX.Element {
  const [isOpen, setOpen] = useState(false);
  if (isOpen) return <MediaSteps runs={[props.run]} />;
  return (
    <p>
      <Button onClick={() => setOpen(true)}>Images, sounds, texts and tables by step</Button>
    </p>
  );
}

/** The names of what a run logged as distributions. */
function useHistograms(run: string): { names: readonly string[] | undefined; failure: JSX.Element | null } {
  const path = `/runs/${encodeURIComponent(run)}/histograms`;
  const loaded = useResource<{ items: readonly { name: string }[] }>(path, (signal) => get(path, { fields: "name", limit: 1000 }, { signal }));
  const error = loaded.error.value;
  const names = loaded.value.value && [...new Set(loaded.value.value.items.map((item) => item.name))].slice(0, HISTOGRAMS_MAX);
  return { names, failure: error === undefined ? null : <Failure error={error} onRetry={loaded.reload} /> };
}

export function SystemTab(): JSX.Element {
  const { run } = useRun();
  const names = Object.keys(run.metrics).filter(isSystemMetric);
  if (names.length === 0) return <Nothing what="sample of the machine" />;
  return <SystemCharts runs={[refOf(run)]} metrics={Object.keys(run.metrics)} />;
}

function Nothing(props: { readonly what: string }): JSX.Element {
  const { run } = useRun();
  const seconds = runSeconds(run, serverNow());
  const isRunning = run.state === "running";
  return (
    <Empty title={isRunning ? `No ${props.what} yet` : `It logged no ${props.what}`}>
      <p class="soft">
        {isRunning && seconds !== null && `It has been running for ${durationText(seconds)}. `}
        {run.lines > 0 && <a href={href(`/runs/${run.id}`, { tab: "console" })}>Its console</a>}
        {props.what !== "metric" && " The machine is sampled each 10 s by the libraries, unless MLTRACK_SYSTEM_METRICS=off."}
      </p>
    </Empty>
  );
}
