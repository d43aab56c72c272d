/**
 * What a run printed: with colours, searched, followed live, each line with a link of its own.
 *
 * Invariants: lines are text, whatever they hold; following the end stops when somebody scrolls up and goes on at the end.
 */
import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";

import type { ApiError } from "../../api/client";
import { asApiError } from "../../api/resource";
import type { Line } from "../../api/types";
import { useTicks } from "../../live/live";
import { announce, Button, copy, CopyMenu, Empty, Failure, Select, Skeleton, Switch, TextField } from "../../parts";
import { param, pinnedAt, text } from "../../state/url";
import { cli } from "./changes";
import { ConsoleLines, lineName, type Loaded, type Question } from "./console-lines";
import { useRun, useThrottled } from "./context";
import { AnsiLine } from "./parts/ansi-line";
import { LineList } from "./parts/line-list";
import { plainText } from "./text/ansi";

const grep = param("grep", text, "");
const level = param("level", text, "");
const source = param("source", text, "");
const line = param("line", text, "");

const LEVELS = [
  ["", "all levels"],
  ["debug", "debug and up"],
  ["info", "info and up"],
  ["warn", "warnings and errors"],
  ["error", "errors"],
] as const;

const SOURCES = [
  ["", "all sources"],
  ["stdout", "stdout"],
  ["stderr", "stderr"],
] as const;

export function ConsoleTab(): JSX.Element {
  const { run } = useRun();
  const question: Question = { run: run.id, grep: grep.signal.value, level: level.signal.value, source: source.signal.value };
  const hasFilter = question.grep !== "" || question.level !== "" || question.source !== "";
  if (run.lines === 0) {
    return (
      <Empty title="Nothing was printed" lines={[{ title: "the command", text: "mltrack run exec EXPERIMENT -- python train.py" }]}>
        <p class="soft">Lines of a program are kept by `mltrack run exec`, by the Python package, and by `run.log_line`.</p>
      </Empty>
    );
  }
  return (
    <div class="run-console">
      <ConsoleBar question={question} />
      <ConsoleList key={JSON.stringify(question) + pinnedAt.value} question={question} hasFilter={hasFilter} />
    </div>
  );
}

function ConsoleBar(props: { readonly question: Question }): JSX.Element {
  const { run } = useRun();
  const [typed, setTyped] = useState(props.question.grep);
  const timer = useRef(0);
  const type = (value: string): void => {
    setTyped(value);
    clearTimeout(timer.current);
    timer.current = window.setTimeout(() => grep.set(value, { replace: true }), 250);
  };
  return (
    <div class="row run-console-bar">
      <TextField label="Find lines by a regular expression" isLabelHidden type="search" placeholder="Find lines: a regular expression" value={typed} onInput={type} />
      <Select label="Level" isLabelHidden value={level.signal.value} options={LEVELS} onChange={(value) => level.set(value)} />
      <Select label="Source" isLabelHidden value={source.signal.value} options={SOURCES} onChange={(value) => source.set(value)} />
      <CopyMenu label="Copy the console as" link={() => location.href} cli={() => cli.console(run, props.question.grep)} />
    </div>
  );
}

interface Followed {
  readonly loaded: Loaded | null;
  readonly error: ApiError | null;
  readonly lines: { readonly current: ConsoleLines | null };
  readonly begin: () => void;
  readonly failing: (failure: unknown) => void;
}

/** The lines that are loaded, from the end or around the one that is wanted, and those that come. */
function useLines(question: Question, wanted: string, isFollowing: boolean): Followed {
  const [loaded, setLoaded] = useState<Loaded | null>(null);
  const [error, setError] = useState<ApiError | null>(null);
  const lines = useRef<ConsoleLines | null>(null);
  const failing = (failure: unknown): void => {
    if (!(failure instanceof DOMException && failure.name === "AbortError")) setError(asApiError(failure));
  };
  const begin = (): void => {
    lines.current?.stop();
    setError(null);
    const fresh = new ConsoleLines(question, setLoaded);
    lines.current = fresh;
    const lsn = Number(wanted.split(".")[0]);
    (wanted !== "" && Number.isInteger(lsn) && lsn > 0 ? fresh.around(lsn) : fresh.end()).catch(failing);
  };
  useEffect(() => {
    begin();
    return () => lines.current?.stop();
  }, []);
  const follow = useThrottled(() => {
    if (loaded?.isAtEnd !== false) lines.current?.next(isFollowing).catch(failing);
  }, 500);
  useTicks({ run: question.run }, (tick) => {
    if (!tick.events.some((event) => event.type === "log_line")) return;
    follow();
    if (isFollowing) announce("New lines in the console");
  });
  return { loaded, error, lines, begin, failing };
}

function ConsoleList(props: { readonly question: Question; readonly hasFilter: boolean }): JSX.Element {
  const { run } = useRun();
  const wanted = line.signal.value;
  const [isFollowing, setFollowing] = useState(wanted === "");
  const { loaded: known, error, lines, begin, failing } = useLines(props.question, wanted, isFollowing);
  if (error) return <Failure error={error} onRetry={begin} />;
  if (!known) return <Skeleton lines={12} />;
  if (known.lines.length === 0) return <NoLine count={run.lines} />;
  const at = wanted === "" ? -1 : known.lines.findIndex((each) => lineName(each) === wanted);
  return (
    <>
      <p class="row small soft">
        <span>
          {known.lines.length} of {run.lines} lines{known.isAtStart && known.isAtEnd ? (props.hasFilter ? " match" : "") : " loaded"}
        </span>
        <Switch label="Follow the end" isOn={isFollowing} onChange={setFollowing} />
        <Button kind="quiet" onClick={() => void copy(known.lines.map((each) => plainText(each.text)).join("\n"), "Lines copied")}>
          Copy lines
        </Button>
      </p>
      <LineList
        label="Console"
        role="log"
        class="run-console-lines"
        count={known.lines.length}
        height={20}
        rowsMax={34}
        shift={known.shift}
        shown={at < 0 ? null : at}
        isFollowing={isFollowing}
        onFollowing={setFollowing}
        onNearTop={() => void lines.current?.more().catch(failing)}
        onNearEnd={() => !known.isAtEnd && void lines.current?.next().catch(failing)}
        keyOf={(index) => {
          const each = known.lines[index];
          return each ? lineName(each) : index;
        }}
        render={(index) => <ConsoleRow line={known.lines[index]} isShown={index === at} />}
      />
    </>
  );
}

function NoLine(props: { readonly count: number }): JSX.Element {
  const showAll = (): void => {
    for (const filter of [grep, level, source]) filter.set("");
  };
  return (
    <Empty title="No line matches">
      <p class="soft">
        It has {props.count} lines in all. <Button onClick={showAll}>Show them</Button>
      </p>
    </Empty>
  );
}

const SIGNS: Readonly<Record<string, string>> = { error: "E", warn: "W", debug: "D", trace: "T" };

function ConsoleRow(props: { readonly line: Line | undefined; readonly isShown: boolean }): JSX.Element | null {
  const { line: each } = props;
  if (!each) return null;
  const name = lineName(each);
  const time = new Date(each.time);
  return (
    <span class={`run-line run-line-${each.level}${each.source === "stderr" ? " run-line-stderr" : ""}${props.isShown ? " run-line-shown" : ""}`}>
      <a
        class="run-line-time"
        href={`?tab=console&line=${name}`}
        title={`${time.toISOString()}, record ${name}, ${each.source || "no source"}, ${each.level}`}
        tabIndex={props.isShown ? 0 : -1}
      >
        {time.toLocaleTimeString(undefined, { hour12: false })}
      </a>
      <span class="run-line-level" aria-label={each.level === "info" ? undefined : each.level}>
        {SIGNS[each.level] ?? ""}
      </span>
      <AnsiLine text={each.text} />
    </span>
  );
}
