/**
 * What the runs ran on: the most telling facts of their environments, differences first.
 *
 * Invariant: a run whose environment is not known has no value anywhere, which is a difference and is said once.
 */
import type { JSX } from "preact";
import { useState } from "preact/hooks";

import { get } from "../../api/client";
import { useResource } from "../../api/resource";
import type { Environment } from "../../api/types";
import { CopyMenu, Empty, Failure, Name, Skeleton, Switch, TextField } from "../../parts";
import { csvOf, latexOf, markdownOf, type Grid } from "./export";
import { each, type Member } from "./load";
import type { ViewProps } from "./page";
import { rowsOfMaps } from "./rows";
import { gridOf, RowsTable, type Section } from "./rows-table";

type Summary = Readonly<Record<string, string>>;

async function summaries(members: readonly Member[], signal: AbortSignal): Promise<readonly (Summary | undefined)[]> {
  return each(members, async (run) => {
    try {
      const told = await get<Environment>(`/runs/${encodeURIComponent(run.id)}/environment`, {}, { signal, pinned: false });
      return { reproducible: told.reproducible, ...told.summary };
    } catch (error) {
      if (signal.aborted) throw error;
      return undefined;
    }
  });
}

export function EnvironmentView(props: ViewProps): JSX.Element {
  const { members } = props.compared;
  const [search, setSearch] = useState("");
  const [isOpen, setOpen] = useState(false);
  const loaded = useResource(`environments ${members.map((run) => run.id).join()}`, (signal) => summaries(members, signal));
  const known = loaded.value.value;
  if (loaded.error.value) return <Failure error={loaded.error.value} onRetry={loaded.reload} />;
  if (!known) return <Skeleton lines={8} />;
  const without = members.filter((_, at) => known[at] === undefined);
  if (without.length === members.length) {
    return (
      <Empty title="No environment is known" lines={[{ title: "the command", text: "mltrack run exec EXPERIMENT -- python train.py" }]}>
        <p class="soft">Runs of the libraries and of `mltrack run exec` record machine, packages and code; these did not.</p>
      </Empty>
    );
  }
  const sections: readonly Section[] = [{ title: "Environment", rows: rowsOfMaps(known), isMeasured: false }];
  const grid = (): Grid => gridOf(sections, members.map((run) => run.name), search, isOpen);
  return (
    <>
      <div class="row">
        <TextField label="Find a row" isLabelHidden type="search" placeholder="Find a row" value={search} onInput={setSearch} />
        <Switch label="Show equal rows" isOn={isOpen} onChange={setOpen} />
        <CopyMenu
          label="Copy the environments as"
          markdown={() => markdownOf(grid())}
          latex={() => latexOf(grid())}
          csv={() => csvOf(grid())}
          cli={() => `mltrack env diff ${members.slice(0, 2).map((run) => run.short).join(" ")}`}
        />
      </div>
      {without.length > 0 && (
        <p class="soft">
          Not known of{" "}
          {without.slice(0, 5).map((run) => (
            <>
              <Name text={run.name.slice(0, 80)} />{" "}
            </>
          ))}
          {without.length > 5 && `and ${without.length - 5} more`}
        </p>
      )}
      <RowsTable label="Environments of the runs" sections={sections} members={members} base={props.base} search={search} isEqualShown={isOpen} onShowEqual={() => setOpen(true)} />
    </>
  );
}
