/**
 * Every file that runs have kept: searched, by kind, with all versions, verified on demand.
 *
 * Invariant: only visible rows are loaded; what was not verified is not called intact.
 */
import type { JSX } from "preact";
import { useRef, useState } from "preact/hooks";

import { post } from "../../api/client";
import type { Artifact, ArtifactChecked } from "../../api/types";
import { announce, Badge, Button, bytesText, CopyMenu, counted, Empty, Failure, Identifier, Name, Select, Skeleton, Switch, Table, TextField, Time, type TableColumn, type Taken, type Taking } from "../../parts";
import { failed } from "../../state/undo";
import { flag, go, href, param, pinnedAt, text } from "../../state/url";
import { csvOf, markdownOf, shellWord, type Grid } from "../compare/export";
import { each } from "../compare/load";
import { HeldList, useHeld } from "../experiments/held";
import { useThrottled } from "../run/context";
import { usePages } from "./pages";
import "../run/parts/shared.css";
import "./artifacts.css";

const find = param("find", text, "");
const kind = param("kind", text, "");
const versions = param("versions", flag, false);
const removed = param("removed", flag, false);

const KINDS = ["", "model", "checkpoint", "dataset", "visualization", "log", "config", "report"].map((name) => [name, name === "" ? "all kinds" : name] as const);
const VERIFIED_MAX = 200;

/** A pattern of paths for words that somebody typed. */
export function patternOf(words: string): string | null {
  const typed = words.trim();
  if (typed === "") return null;
  return /[*?/]/.test(typed) ? typed : `**/*${typed}*`;
}

/** The command that lists the same; it has patterns for one run alone, so that words are looked for in what it prints. */
function commandOf(): string {
  const words = find.signal.peek().trim();
  const parts = ["mltrack artifact ls"];
  if (kind.signal.peek() !== "") parts.push(`--kind ${shellWord(kind.signal.peek())}`);
  if (versions.signal.peek()) parts.push("--all");
  if (removed.signal.peek()) parts.push("--removed");
  if (pinnedAt.peek() !== null) parts.push(`--at ${shellWord(pinnedAt.peek() ?? "")}`);
  if (words !== "") parts.push(`| grep -iF -- ${shellWord(words)}`);
  return parts.join(" ");
}

type Checks = ReadonlyMap<string, ArtifactChecked>;

export function ArtifactsPage(): JSX.Element {
  const [typed, setTyped] = useState(find.signal.value);
  const timer = useRef(0);
  const [checks, setChecks] = useState<Checks>(new Map());
  const query = { path: patternOf(find.signal.value), kind: kind.signal.value || null, versions: versions.signal.value || null, removed: removed.signal.value || null };
  const pages = usePages<Artifact>("/artifacts", query);
  const held = useHeld(useThrottled(pages.reload, 3_000), (event) => event.type.startsWith("artifact"));
  const type = (value: string): void => {
    setTyped(value);
    clearTimeout(timer.current);
    timer.current = window.setTimeout(() => find.set(value, { replace: true }), 200);
  };
  const form = (make: (grid: Grid) => string) => async (taking: Taking): Promise<Taken> => {
    const items = await pages.all(taking);
    return { text: make(gridOf(items)), rows: items.length, of: items.length };
  };
  const hasFilter = typed !== "" || kind.signal.value !== "";
  return (
    <div class="page">
      <header class="page-head">
        <h1>Artifacts</h1>
        <VerifyAll items={pages.items} onFound={setChecks} checks={checks} />
        <CopyMenu label="Copy the list as" markdown={form(markdownOf)} csv={form(csvOf)} cli={commandOf} link={() => location.href} />
      </header>
      <div class="row">
        <div class="artifacts-find">
          <TextField label="Find artifacts" isLabelHidden type="search" placeholder="Find: words, or a pattern such as ckpt/*" value={typed} onInput={type} />
        </div>
        <Select label="Kind" isLabelHidden value={kind.signal.value} options={KINDS} onChange={(value) => kind.set(value)} />
        <Switch label="All versions" isOn={versions.signal.value} onChange={(isOn) => versions.set(isOn)} />
        <Switch label="Removed ones, too" isOn={removed.signal.value} onChange={(isOn) => removed.set(isOn)} />
        {pages.isLoaded && <span class="soft small">{counted(pages.total, "artifact")}</span>}
      </div>
      {pages.error && <Failure error={pages.error} onRetry={pages.reload} />}
      {!pages.isLoaded && !pages.error && <Skeleton lines={8} />}
      {pages.isLoaded && pages.total === 0 && <None hasFilter={hasFilter} onClear={() => (type(""), kind.set(""))} />}
      {pages.total > 0 && (
        <HeldList {...held}>
          <Table
            label="Artifacts"
            columns={columnsOf(checks)}
            rowCount={pages.total}
            rowAt={(at) => pages.items[at]}
            rowKey={(row) => row.id}
            onRange={pages.onRange}
            onOpen={(row) => go(href(`/artifacts/${encodeURIComponent(row.id)}`))}
          />
        </HeldList>
      )}
    </div>
  );
}

function gridOf(items: readonly Artifact[]): Grid {
  return {
    header: ["path", "version", "kind", "run", "bytes", "blake3", "logged"],
    rows: items.map((item) => [item.path, String(item.version), item.kind, item.run, String(item.bytes), item.blake3, item.logged]),
  };
}

function None(props: { readonly hasFilter: boolean; readonly onClear: () => void }): JSX.Element {
  if (props.hasFilter) {
    return (
      <Empty title="No artifact matches">
        <Button onClick={props.onClear}>Show all</Button>
      </Empty>
    );
  }
  return (
    <Empty
      title="No artifacts yet"
      lines={[
        { title: "Python", text: 'run.log_artifact("model.pt")' },
        { title: "Shell", text: "mltrack artifact put @last model.pt" },
        { title: "Rust", text: 'run.log_artifact("model.pt", "weights.pt")?;' },
      ]}
    >
      <p class="soft">Checkpoints, plots, tables, any file that a run keeps shows up here.</p>
    </Empty>
  );
}

/** Verifies what is loaded, several at a time, and says how it went. */
function VerifyAll(props: { readonly items: readonly Artifact[]; readonly checks: Checks; readonly onFound: (checks: Checks) => void }): JSX.Element | null {
  const [isBusy, setBusy] = useState(false);
  const items = props.items.filter((item) => !item.removed).slice(0, VERIFIED_MAX);
  if (items.length === 0) return null;
  const verify = async (): Promise<void> => {
    setBusy(true);
    const found = new Map(props.checks);
    await each(items, async (item) => {
      found.set(item.id, await post<ArtifactChecked>(`/artifacts/${encodeURIComponent(item.id)}/check`, {}));
      props.onFound(new Map(found));
    });
    const damaged = items.filter((item) => found.get(item.id)?.sound === false).length;
    announce(damaged === 0 ? `${counted(items.length, "artifact")} intact` : `${counted(damaged, "artifact")} damaged`);
  };
  return (
    <Button disabled={isBusy} onClick={() => void verify().catch((error: unknown) => failed("Verify", error)).finally(() => setBusy(false))}>
      {isBusy ? "Verifying…" : `Verify ${items.length === 1 ? "it" : `these ${items.length}`}`}
    </Button>
  );
}

function columnsOf(checks: Checks): readonly TableColumn<Artifact>[] {
  return [
    {
      key: "path",
      title: "Path",
      width: 260,
      grows: true,
      sticky: true,
      cell: (row) => (
        <a href={href(`/artifacts/${encodeURIComponent(row.id)}`)} class="cut">
          <Name text={row.path} class="cut" />
        </a>
      ),
    },
    { key: "version", title: "Version", width: 88, align: "end", cell: (row) => row.version },
    { key: "kind", title: "Kind", width: 120, cell: (row) => <span class="cut">{row.kind}</span> },
    {
      key: "run",
      title: "Run",
      width: 180,
      cell: (row) => (
        <a href={href(`/runs/${encodeURIComponent(row.run)}`, { tab: "artifacts" })} class="cut">
          <Name text={row.run_name} class="cut" />
        </a>
      ),
    },
    { key: "size", title: "Size", width: 100, align: "end", cell: (row) => bytesText(row.bytes) },
    { key: "step", title: "Step", width: 88, align: "end", cell: (row) => row.step ?? <span class="faint">–</span> },
    { key: "digest", title: "BLAKE3", width: 130, cell: (row) => <Identifier id={row.blake3} short={row.blake3.slice(0, 10)} /> },
    { key: "logged", title: "Logged", width: 120, cell: (row) => <Time time={row.logged} /> },
    { key: "check", title: "Bytes", width: 116, cell: (row) => <Checked row={row} found={checks.get(row.id)} /> },
  ];
}

function Checked(props: { readonly row: Artifact; readonly found: ArtifactChecked | undefined }): JSX.Element {
  if (props.row.removed) return <Badge title={props.row.removed}>removed</Badge>;
  if (!props.found) return <span class="faint">not verified</span>;
  return props.found.sound ? <Badge tone="good">✓ intact</Badge> : <Badge tone="bad" title={props.found.damages.join("\n")}>✗ damaged</Badge>;
}

