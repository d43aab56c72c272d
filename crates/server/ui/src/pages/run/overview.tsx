/**
 * What a run is: how it ended, what it reached, what it was given, what people say of it.
 *
 * Invariant: every text of the store is a text node; what can be changed says why when it cannot.
 */
import type { JSX } from "preact";
import { useState } from "preact/hooks";

import type { Run } from "../../api/types";
import { serverNow } from "../../api/reach";
import { Badge, Copyable, durationText, Empty, Failure, Identifier, Name, NumberText, Panel, RunStateBadge, TextField, Time, type ApiNumber } from "../../parts";
import { href } from "../../state/url";
import { markdownOf, csvOf, latexOf } from "../compare/export";
import { CopyMenu } from "../../parts";
import { runSeconds, useRun } from "./context";
import { Family } from "./family";
import { isSystemMetric } from "./metrics";
import { MetricsPanel } from "./metrics-table";
import { Notes } from "./notes";
import { Tags } from "./tags";

export function Overview(): JSX.Element {
  const { run } = useRun();
  const metrics = Object.keys(run.metrics).filter((name) => !isSystemMetric(name));
  return (
    <div class="run-overview">
      <div class="run-main">
        {run.error && <RunFailure run={run} />}
        <Goal />
        {metrics.length === 0 && <WithoutMetrics />}
        <Params />
        {metrics.length > 0 && <MetricsPanel run={run} names={metrics} />}
      </div>
      <div class="run-side">
        <Facts />
        <Tags />
        <Notes />
        <Family />
      </div>
    </div>
  );
}

/** What went wrong, in the words of the program. */
function RunFailure(props: { readonly run: Run }): JSX.Element | null {
  const { error } = props.run;
  if (!error) return null;
  return (
    <section class="run-error" aria-label="Why it failed">
      <h2 class="name" dir="auto">
        {error.kind}
      </h2>
      <p class="name run-message" dir="auto">
        {error.message}
      </p>
      {error.cause && (
        <p class="name soft" dir="auto">
          caused by {error.cause}
        </p>
      )}
      {error.recoverable && <p class="soft">Trying again may help.</p>}
      {error.trace && (
        <details open={error.trace.length < 4_000}>
          <summary>Trace</summary>
          <Copyable title="the trace" text={error.trace} />
        </details>
      )}
    </section>
  );
}

/** The metric that the experiment is about, large. */
function Goal(): JSX.Element | null {
  const { run, goal, goalError } = useRun();
  if (goalError) return <Failure error={goalError.error} onRetry={goalError.retry} />;
  if (!goal) return null;
  const facts = run.metrics[goal.metric];
  if (!facts) return null;
  const best = goal.direction === "max" ? facts.max : facts.min;
  return (
    <section class="run-goal" aria-label="Goal of the experiment">
      <Figure title={`${goal.metric}, best`} value={best?.value} note={best ? `step ${best.step}` : undefined} />
      <Figure title="last" value={facts.last.value} note={`step ${facts.last.step}`} />
      <p class="soft small">
        The goal of <Name text={run.experiment} /> is the {goal.direction === "max" ? "highest" : "lowest"} <Name text={goal.metric} />.
      </p>
    </section>
  );
}

function Figure(props: { readonly title: string; readonly value: ApiNumber; readonly note?: string | undefined }): JSX.Element {
  return (
    <div class="run-figure">
      <span class="cut soft small" dir="auto">
        {props.title}
      </span>
      <span class="run-figure-value">
        <NumberText value={props.value} digits={6} />
      </span>
      {props.note && <span class="faint small">{props.note}</span>}
    </div>
  );
}

/** Instead of charts: how long it has been going, and where to look. */
function WithoutMetrics(): JSX.Element {
  const { run } = useRun();
  const seconds = runSeconds(run, serverNow());
  const isRunning = run.state === "running";
  return (
    <Empty
      title={isRunning ? "No metric yet" : "It logged no metric"}
      lines={isRunning ? [{ title: "Python", text: 'run.log({"loss": 0.5}, step=1)' }, { title: "Shell", text: `mltrack run log ${run.short} loss=0.5 --step 1` }] : []}
    >
      <p class="soft">
        {isRunning && seconds !== null && `It has been running for ${durationText(seconds)}. `}
        {run.lines > 0 ? <a href={href(`/runs/${run.id}`, { tab: "console" })}>Its console has {run.lines} lines.</a> : "It has printed nothing, either."}
      </p>
    </Empty>
  );
}

function paramText(value: unknown): string {
  // JSON has no zero below zero.
  if (Object.is(value, -0)) return "-0";
  return typeof value === "string" ? value : JSON.stringify(value);
}

function Params(): JSX.Element {
  const { run } = useRun();
  const [search, setSearch] = useState("");
  const [count, setCount] = useState(100);
  const all = Object.entries(run.params).sort(([one], [other]) => one.localeCompare(other, "en", { numeric: true }));
  const words = search.toLowerCase().split(/\s+/);
  const found = all.filter(([name, value]) => words.every((word) => `${name} ${paramText(value)}`.toLowerCase().includes(word)));
  const grid = (): { header: string[]; rows: string[][] } => ({ header: ["parameter", "value"], rows: found.map(([name, value]) => [name, paramText(value)]) });
  const python = (): string => `params = ${pythonText(run.params)}`;
  const copy = <CopyMenu label="Copy parameters as" markdown={() => markdownOf(grid())} latex={() => latexOf(grid())} csv={() => csvOf(grid())} python={python} />;
  return (
    <Panel title={`Parameters${all.length > 0 ? ` (${all.length})` : ""}`} actions={all.length > 0 ? copy : undefined}>
      {all.length === 0 && <p class="soft">It was given none.</p>}
      {all.length > 8 && <TextField label="Find a parameter" isLabelHidden type="search" placeholder="Find a parameter" value={search} onInput={setSearch} />}
      {all.length > 0 && found.length === 0 && <p class="soft">None of {all.length} parameters has these letters.</p>}
      <dl class="run-pairs">
        {found.slice(0, count).map(([name, value]) => (
          <div key={name} class="run-pair">
            <dt class="name" dir="auto">
              {name}
            </dt>
            <dd>
              <LongText text={paramText(value)} kind={typeof value} />
            </dd>
          </div>
        ))}
      </dl>
      {found.length > count && (
        <button type="button" class="run-more" onClick={() => setCount(count + 500)}>
          {found.length - count} more
        </button>
      )}
    </Panel>
  );
}

/** JSON as Python writes it. */
export function pythonText(value: unknown): string {
  if (value === null || value === undefined) return "None";
  if (value === true) return "True";
  if (value === false) return "False";
  if (Array.isArray(value)) return `[${value.map(pythonText).join(", ")}]`;
  if (typeof value === "object") return `{${Object.entries(value).map(([key, each]) => `${JSON.stringify(key)}: ${pythonText(each)}`).join(", ")}}`;
  return JSON.stringify(value);
}

const SHOWN = 300;

/** A value of any length, of which the beginning is shown until more is asked for. */
export function LongText(props: { readonly text: string; readonly kind?: string }): JSX.Element {
  const [isWhole, setWhole] = useState(false);
  const isLong = props.text.length > SHOWN;
  return (
    <span class={`name mono run-value run-value-${props.kind ?? "string"}`} dir="auto">
      {isLong && !isWhole ? `${props.text.slice(0, SHOWN)}… ` : props.text}
      {props.text === "" && <span class="faint">empty</span>}
      {isLong && (
        <button type="button" class="run-more" aria-expanded={isWhole} onClick={() => setWhole(!isWhole)}>
          {isWhole ? "less" : `all ${props.text.length} letters`}
        </button>
      )}
    </span>
  );
}

function Facts(): JSX.Element {
  const { run } = useRun();
  const seconds = runSeconds(run, serverNow());
  const rows: [string, JSX.Element | string | null][] = [
    ["State", <RunStateBadge run={run} />],
    ["Created", <Time time={run.created} style="full" />],
    ["Started", run.started ? <Time time={run.started} style="full" /> : null],
    ["Ended", run.ended ? <Time time={run.ended} style="full" /> : null],
    ["Last heard of", run.state === "running" || run.state === "lost" ? <Time time={run.heard} /> : null],
    ["Duration", seconds === null ? null : durationText(seconds)],
    ["Time limit", run.timeout_s ? durationText(run.timeout_s) : null],
    ["Seed", run.seed === null || run.seed === undefined ? null : String(run.seed)],
    ["Host", run.host === "" ? null : <Name text={run.host} />],
    ["Process", run.pid ? String(run.pid) : null],
    ["By", run.actor === "" ? null : <Name text={run.actor} />],
    ["Command", run.command === "" ? null : <LongText text={run.command} />],
    ["Points", run.points > 0 ? <NumberText value={run.points} digits={15} /> : null],
    ["Points after its end", run.points_late > 0 ? <Badge tone="warn">{run.points_late}</Badge> : null],
    ["Last record", <a href={href("/log", { at: run.lsn })} title="The log there">{run.lsn}</a>],
    ["Id", <Identifier id={run.id} short={`${run.id.slice(0, 8)}…${run.short}`} />],
  ];
  return (
    <Panel title="Facts">
      <dl class="run-pairs run-pairs-narrow">
        {rows.flatMap(([name, value]) =>
          value === null ? [] : [
            <div key={name} class="run-pair">
              <dt>{name}</dt>
              <dd>{value}</dd>
            </div>,
          ],
        )}
      </dl>
    </Panel>
  );
}
