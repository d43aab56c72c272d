/**
 * Everything that words find, by what it is.
 *
 * Invariant: each result leads to a page that shows it.
 */
import type { JSX } from "preact";

import "./search.css";
import { get } from "../../api/client";
import { useResource } from "../../api/resource";
import type { Found, KindName, Page_Found } from "../../api/types";
import { Badge, counted, Failure, Keys, Name, Select, Skeleton, Table, TextField, type TableColumn } from "../../parts";
import { addressOf, kindTitle } from "../../shell/found";
import { go, href, param, text } from "../../state/url";
import { HeldList, useHeld } from "../experiments/held";
import { useThrottled } from "../run/context";

const LIMIT = 1_000;
const asked = param("q", text, "");
const kind = param<KindName | "all">("kind", { read: kindOf, write: (value) => value }, "all");

const KINDS: readonly (readonly [KindName | "all", string])[] = [
  ["all", "Everything"],
  ["experiment", "Experiments"],
  ["run", "Runs"],
  ["param", "Parameters"],
  ["tag", "Tags"],
  ["metric", "Metrics"],
  ["note", "Notes"],
  ["dataset", "Datasets"],
  ["model", "Models"],
  ["artifact", "Artifacts"],
];

function kindOf(word: string): KindName | "all" | undefined {
  return KINDS.find(([name]) => name === word)?.[0];
}

const COLUMNS: readonly TableColumn<Found>[] = [
  { key: "kind", title: "What", width: 110, cell: (found) => <Badge>{kindTitle(found.kind)}</Badge> },
  {
    key: "name",
    title: "Name",
    width: 220,
    grows: true,
    cell: (found) => (
      <a class="cut" href={addressOf(found)}>
        <Name text={found.name} class="cut" />
      </a>
    ),
  },
  { key: "value", title: "Value", width: 240, grows: true, cell: (found) => <Name text={(found.value ?? "").slice(0, 400)} class="cut soft" /> },
  { key: "experiment", title: "Experiment", width: 160, cell: (found) => <Name text={found.experiment ?? ""} class="cut" /> },
  { key: "runs", title: "Runs", width: 90, align: "end", cell: (found) => <Runs found={found} /> },
];

function Runs(props: { found: Found }): JSX.Element {
  const { run_count: count, runs } = props.found;
  if (runs.length < 2) return <span>{count}</span>;
  return (
    <a href={href("/compare", { runs: runs.slice(0, 20).join(",") })} aria-label={`Compare ${counted(Math.min(20, runs.length), "run")}`}>
      {count}
    </a>
  );
}

export default function Search(): JSX.Element {
  const [words, only] = [asked.signal.value, kind.signal.value];
  const { value, error, reload } = useResource(`search ${only} ${words}`, async (signal) => {
    if (words.trim() === "") return { items: [], total: 0 };
    return get<Pick<Page_Found, "items" | "total">>("/search", { words, kind: only === "all" ? null : only, limit: LIMIT }, { signal });
  });
  const items = value.value?.items ?? [];
  const held = useHeld(useThrottled(reload, 3_000), () => words.trim() !== "");
  return (
    <div class="page">
      <header class="page-head">
        <h1>Search</h1>
      </header>
      <div class="search-form">
        <TextField
          label="Words"
          type="search"
          value={words}
          placeholder="Names, values, tags, notes and paths"
          onInput={(next) => asked.set(next, { replace: true })}
        />
        <Select label="Of" value={only} options={KINDS} onChange={(next) => kind.set(next)} />
      </div>
      {error.value && <Failure error={error.value} onRetry={reload} />}
      {value.value === undefined && !error.value && <Skeleton lines={8} />}
      {value.value !== undefined && words.trim() !== "" && (
        <p class="soft" role="status">
          {items.length === 0 ? "Nothing has all of these words." : `${counted(value.value.total, "result")}${value.value.total > LIMIT ? `; the first ${LIMIT} are shown` : ""}`}
        </p>
      )}
      {items.length > 0 && (
        <HeldList {...held}>
          <Table
            label="Results"
            columns={COLUMNS}
            rowCount={items.length}
            rowAt={(index) => items[index]}
            rowKey={(_, index) => String(index)}
            onOpen={(found) => go(addressOf(found))}
          />
        </HeldList>
      )}
      {words.trim() === "" && <Begin />}
    </div>
  );
}

function Begin(): JSX.Element {
  return (
    <p class="soft">
      Words of names, values, tags, notes and paths; all of them have to be there. From every page: <Keys keys="Mod+k" />.
    </p>
  );
}
