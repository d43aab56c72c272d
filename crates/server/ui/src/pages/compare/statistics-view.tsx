/**
 * Whether groups of replicates really differ: what a statistical test finds of every metric.
 *
 * Invariants: what is asked stands in the address; a p-value never stands without how many values it is of, and what is
 * significant is told in words.
 */
import type { JSX } from "preact";
import { useMemo } from "preact/hooks";

import { get } from "../../api/client";
import { useResource } from "../../api/resource";
import type { CompareAnswer } from "../../api/types";
import { CopyMenu, counted, Empty, Failure, Name, Select, significant, Skeleton, Table, type TableColumn } from "../../parts";
import { list, number, param, pinnedAt, type Codec } from "../../state/url";
import { csvOf, latexOf, markdownOf } from "./export";
import { isSeed } from "./groups";
import type { ViewProps } from "./page";
import { commandOf, countText, differenceText, effectText, gridOf, groupText, meanText, rowsOf, TESTS, verdictText, type Question, type StatisticsRow, type TestName } from "./statistics";

const testCodec: Codec<TestName> = { read: (value) => TESTS.map(([name]) => name).find((name) => name === value), write: (name) => name };
const replicatesBy = param<readonly string[]>("by", list, ["seed"]);
const test = param<TestName>("test", testCodec, "welch");
const alpha = param("alpha", number, 0.05);
const ALPHAS = ["0.1", "0.05", "0.01", "0.001"] as const;

export function StatisticsView(props: ViewProps): JSX.Element {
  const { members, comparison } = props.compared;
  if (members.length < 2) return <Empty title="It takes two runs to test a difference: add one above" />;
  const by = replicatesBy.signal.value;
  const question: Question = {
    runs: members.map((run) => run.id),
    by: by.length > 0 ? by : ["seed"],
    test: test.signal.value,
    baseline: members[props.base]?.id ?? "",
    alpha: alpha.signal.value,
    isAcross: new Set(members.map((run) => run.experiment_id)).size > 1,
  };
  // What may tell replicates apart: in params that are equal there is nothing to choose.
  const differing = comparison.params.filter((row) => row.differs && !isSeed(row.name)).map((row) => row.name);
  return (
    <>
      <Choices question={question} names={[...new Set(["seed", ...differing, ...question.by])]} />
      <Answered question={question} newest={members.some((run) => run.state === "running") ? comparison.lsn : 0} />
    </>
  );
}

function Choices(props: { readonly question: Question; readonly names: readonly string[] }): JSX.Element {
  const { by } = props.question;
  const level = String(props.question.alpha);
  const levels = [...new Set<string>([...ALPHAS, level])];
  return (
    <>
      <div class="row">
        <Select label="Test" value={props.question.test} options={TESTS} onChange={(name) => test.set(name)} />
        <Select label="Significant below" value={level} options={levels.map((value) => [value, value] as const)} onChange={(value) => alpha.set(Number(value))} />
      </div>
      <fieldset class="compare-apart">
        <legend class="soft small">Replicates are runs that differ in these alone</legend>
        {props.names.map((name) => (
          <label key={name} class="switch">
            <input
              type="checkbox"
              checked={by.includes(name)}
              // Without any there are no replicates.
              disabled={by.length === 1 && by[0] === name}
              onChange={(event) => replicatesBy.set(event.currentTarget.checked ? [...by, name] : by.filter((other) => other !== name))}
            />
            <span class="name" dir="auto">
              {name.slice(0, 120)}
            </span>
          </label>
        ))}
      </fieldset>
    </>
  );
}

function Answered(props: { readonly question: Question; readonly newest: number }): JSX.Element {
  const { question } = props;
  const asked = {
    runs: question.runs.join(","),
    by: question.by.join(","),
    test: question.test,
    baseline: question.baseline,
    alpha: question.alpha,
    across: question.isAcross,
  };
  const loaded = useResource<CompareAnswer>(`statistics ${JSON.stringify(asked)} ${props.newest}`, (signal) => get<CompareAnswer>("/compare", asked, { signal }));
  const answer = loaded.value.value;
  if (loaded.error.value) return <Failure error={loaded.error.value} onRetry={loaded.reload} />;
  if (!answer) return <Skeleton lines={8} />;
  return <Found answer={answer} question={question} />;
}

function Found(props: { readonly answer: CompareAnswer; readonly question: Question }): JSX.Element {
  const { answer, question } = props;
  const rows = useMemo(() => rowsOf(answer), [answer]);
  const columns = useMemo(() => columnsOf(answer), [answer]);
  const runCount = answer.groups.reduce((sum, group) => sum + group.runs.length, 0);
  return (
    <>
      <div class="row">
        <span role="status">
          {counted(runCount, "run")} in {counted(answer.groups.length, "group")}, {counted(answer.tests, "test")}; the baseline is{" "}
          <Name text={groupText(answer, answer.baseline)} />
        </span>
        <CopyMenu
          label="Copy the statistics as"
          link={() => location.href}
          cli={() => commandOf(question, pinnedAt.peek())}
          markdown={() => markdownOf(gridOf(answer))}
          latex={() => latexOf(gridOf(answer))}
          csv={() => csvOf(gridOf(answer))}
        />
      </div>
      {rows.length === 0 ? (
        <Empty title="These groups differ in no metric" />
      ) : (
        <Table label="Statistics of the groups" columns={columns} rowCount={rows.length} rowAt={(at) => rows[at]} rowKey={(row) => `${row.group ?? "all"} ${row.metric}`} height="60vh" />
      )}
      {answer.notes.length > 0 && (
        <section aria-label="Notes">
          <h2 class="compare-notes-title">What to know before believing it</h2>
          <ul class="compare-notes">
            {answer.notes.map((note) => (
              <li key={note} dir="auto">
                {note.slice(0, 400)}
              </li>
            ))}
          </ul>
        </section>
      )}
    </>
  );
}

function columnsOf(answer: CompareAnswer): readonly TableColumn<StatisticsRow>[] {
  const cut = (text: string): JSX.Element => (
    <span class="cut" dir="auto" title={text.slice(0, 2_000)}>
      {text.slice(0, 400)}
    </span>
  );
  const value = (part: "p" | "p_corrected") => (row: StatisticsRow) => (row.tested?.found ? significant(row.tested.found[part], 3) : "");
  return [
    { key: "metric", title: "Metric", width: 200, sticky: true, cell: (row) => <MetricCell row={row} /> },
    { key: "group", title: "Group", width: 200, grows: true, cell: (row) => cut(groupText(answer, row.group)) },
    { key: "n", title: "n", width: 88, align: "end", cell: countText },
    { key: "mean", title: "Mean ± std", width: 168, align: "end", cell: (row) => meanText(row.result) },
    { key: "baseline", title: "Baseline", width: 168, align: "end", cell: (row) => meanText(row.reference) },
    { key: "difference", title: "Difference", width: 240, align: "end", cell: (row) => cut(differenceText(row)) },
    { key: "effect", title: "Effect size", width: 288, align: "end", cell: (row) => cut(effectText(row.tested)) },
    { key: "p", title: "p", width: 96, align: "end", cell: value("p") },
    { key: "holm", title: "p (Holm)", width: 96, align: "end", cell: value("p_corrected") },
    { key: "method", title: "Method", width: 112, cell: (row) => row.tested?.found?.method ?? "" },
    { key: "verdict", title: "Verdict", width: 200, cell: (row) => <VerdictCell row={row} /> },
  ];
}

function MetricCell(props: { readonly row: StatisticsRow }): JSX.Element {
  return (
    <span class="compare-name">
      <Name text={props.row.metric} class="cut" />
      {props.row.direction !== null && <span class="compare-goal">goal: {props.row.direction}</span>}
    </span>
  );
}

function VerdictCell(props: { readonly row: StatisticsRow }): JSX.Element {
  const { result, tested } = props.row;
  const better = result?.better;
  const isSignificant = tested?.found?.significant === true;
  const word = better === true ? ", better" : better === false ? ", worse" : "";
  const text = isSignificant ? `${verdictText(tested)}${word}` : verdictText(tested);
  const tone = isSignificant && better !== null && better !== undefined ? ` compare-${better ? "better" : "worse"}` : "";
  return (
    <span class={`cut${tone}`} dir="auto" title={text.slice(0, 2_000)}>
      {text.slice(0, 400)}
    </span>
  );
}
