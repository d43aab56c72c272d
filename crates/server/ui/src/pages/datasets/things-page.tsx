/**
 * A list of datasets or of models, with a search and a way to make one.
 *
 * Invariants: only visible rows are loaded; a search is part of the address and goes through all of them.
 */
import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";

import { asApiError } from "../../api/resource";
import type { ApiError } from "../../api/client";
import { useTicks } from "../../live/live";
import { Button, CopyMenu, counted, Empty, Failure, Name, Skeleton, Table, TextField, Time, type TableColumn, type Taken, type Taking } from "../../parts";
import { useActions } from "../../state/actions";
import { go, href, param, pinnedAt, text } from "../../state/url";
import { usePages, type Pages } from "../artifacts/pages";
import { csvOf, markdownOf, shellWord, type Grid } from "../compare/export";
import { useThrottled, useWhyFixed } from "../run/context";
import { FormDialog } from "../run/parts/form-dialog";
import type { Thing } from "./thing-head";
import { create, WORD, type Kind } from "./things";
import type { AnyVersion } from "./version-panel";
import "../run/parts/shared.css";
import "./things.css";

const find = param("find", text, "");

interface Listed extends Thing {
  readonly versions: readonly AnyVersion[];
}

interface Props<T extends Listed> {
  readonly kind: Kind;
  readonly title: string;
  /** The columns between the number of versions and the description. */
  readonly columns: readonly TableColumn<T>[];
  readonly lines: readonly { readonly title: string; readonly text: string }[];
  readonly words: string;
}

/** The newest version that is not removed. */
export function newest<Version extends AnyVersion>(row: { readonly versions: readonly Version[] }): Version | undefined {
  return row.versions.findLast((version) => !version.removed);
}

export function ThingsPage<T extends Listed>(props: Props<T>): JSX.Element {
  const { kind } = props;
  const word = WORD[kind];
  const pages = usePages<T>(`/${kind}`, {});
  const reload = useThrottled(pages.reload, 2_000);
  useTicks({}, (tick) => tick.events.some((event) => event.type.startsWith(word)) && reload());
  const whyFixed = useWhyFixed();
  const [isMaking, setMaking] = useState(false);
  const found = useFound(pages);
  useActions([{ id: `${kind}.new`, title: `Make a ${word}`, keys: "n", cli: () => `mltrack ${word} new NAME`, when: () => whyFixed === null, run: () => setMaking(true) }]);
  const form = (make: (grid: Grid) => string) => async (taking: Taking): Promise<Taken> => {
    const items = matching(await pages.all(taking), find.signal.peek());
    return { text: make(gridOf(items)), rows: items.length, of: items.length };
  };
  return (
    <div class="page">
      <header class="page-head">
        <h1>{props.title}</h1>
        <Button disabled={whyFixed !== null} {...(whyFixed === null ? {} : { title: whyFixed })} onClick={() => setMaking(true)}>
          New {word}
        </Button>
        <CopyMenu label="Copy the list as" markdown={form(markdownOf)} csv={form(csvOf)} cli={() => `mltrack ${word} ls${pinnedAt.peek() === null ? "" : ` --at ${shellWord(pinnedAt.peek() ?? "")}`}`} link={() => location.href} />
      </header>
      {pages.error && <Failure error={pages.error} onRetry={pages.reload} />}
      {!pages.isLoaded && !pages.error && <Skeleton lines={6} />}
      {pages.isLoaded && pages.total === 0 && (
        <Empty title={`No ${kind} yet`} lines={props.lines}>
          <p class="soft">{props.words}</p>
        </Empty>
      )}
      {pages.total > 0 && <List {...props} pages={pages} found={found} />}
      {isMaking && <NewThing kind={kind} onClose={() => setMaking(false)} onMade={pages.reload} />}
    </div>
  );
}

/** What the words of the address find; what is not loaded yet is loaded to be searched. */
function useFound<T extends Listed>(pages: Pages<T>): readonly T[] {
  const typed = find.signal.value.trim().toLowerCase();
  const isPart = typed !== "" && pages.items.length < pages.total;
  useEffect(() => {
    if (isPart) pages.onRange(0, pages.total);
  }, [isPart, pages]);
  return matching(pages.items, typed);
}

/** Those that words are found in; all when there are none. */
function matching<T extends Listed>(items: readonly T[], words: string): readonly T[] {
  const typed = words.trim().toLowerCase();
  if (typed === "") return items;
  return items.filter((item) => `${item.name} ${item.description} ${Object.entries(item.tags).flat().join(" ")}`.toLowerCase().includes(typed));
}

function gridOf(items: readonly Listed[]): Grid {
  return { header: ["name", "versions", "description"], rows: items.map((item) => [item.name, String(item.versions.length), item.description]) };
}

function List<T extends Listed>(props: Props<T> & { readonly pages: Pages<T>; readonly found: readonly T[] }): JSX.Element {
  const { kind, pages, found } = props;
  const word = WORD[kind];
  const isSearch = find.signal.value.trim() !== "";
  const isPart = isSearch && pages.items.length < pages.total;
  const rowCount = isSearch ? found.length : pages.total;
  return (
    <>
      <div class="row">
        <div class="thing-find">
          <TextField label={`Find a ${word}`} isLabelHidden type="search" placeholder="Find: name, description, tags" value={find.signal.value} onInput={(words) => find.set(words, { replace: true })} />
        </div>
        <span class="soft small" role="status">
          {counted(rowCount, word)}
          {isPart && ` in ${pages.items.length} of ${pages.total}`}
        </span>
      </div>
      {rowCount === 0 && !isPart && (
        <p class="row soft">
          No {word} of {pages.total} has these letters. <Button onClick={() => find.set("")}>Show all</Button>
        </p>
      )}
      {rowCount > 0 && (
        <Table
          label={props.title}
          columns={columnsOf(kind, props.columns)}
          rowCount={rowCount}
          rowAt={(at) => found[at]}
          rowKey={(row) => row.id}
          {...(isSearch ? {} : { onRange: pages.onRange })}
          onOpen={(row) => go(href(`/${kind}/${encodeURIComponent(row.name)}`))}
        />
      )}
    </>
  );
}

function columnsOf<T extends Listed>(kind: Kind, between: readonly TableColumn<T>[]): readonly TableColumn<T>[] {
  return [
    {
      key: "name",
      title: "Name",
      width: 200,
      grows: true,
      sticky: true,
      cell: (row) => (
        <a href={href(`/${kind}/${encodeURIComponent(row.name)}`)} class="cut">
          <Name text={row.name} class="cut" />
        </a>
      ),
    },
    { key: "versions", title: "Versions", width: 88, align: "end", cell: (row) => row.versions.filter((version) => !version.removed).length },
    ...between,
    { key: "description", title: "Description", width: 240, grows: true, cell: (row) => <Name text={row.description} class="cut soft" /> },
    { key: "changed", title: "Last added to", width: 120, cell: (row) => <Time time={newest(row)?.time ?? row.created} /> },
  ];
}

/** Asks for a name, and keeps what was typed until the server took it. */
function NewThing(props: { readonly kind: Kind; readonly onClose: () => void; readonly onMade: () => void }): JSX.Element {
  const word = WORD[props.kind];
  const [name, setName] = useState("");
  const [description, setDescription] = useState("");
  const [error, setError] = useState<ApiError | null>(null);
  const make = (): void => {
    create(props.kind, name.trim(), description).then(
      () => {
        props.onMade();
        props.onClose();
      },
      (failure: unknown) => setError(asApiError(failure)),
    );
  };
  return (
    <FormDialog title={`New ${word}`} submit="Make it" isReady={name.trim() !== ""} onSubmit={make} onClose={props.onClose}>
      <TextField label="Name" value={name} onInput={setName} autoFocus />
      <TextField label="Description (may be empty)" value={description} onInput={setDescription} />
      {error && <Failure error={error} />}
    </FormDialog>
  );
}
