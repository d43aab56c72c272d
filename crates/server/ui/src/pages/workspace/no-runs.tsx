/**
 * An experiment without runs to show.
 *
 * Invariant: what can be copied here makes a run of this experiment on this server.
 */
import type { JSX } from "preact";

import { Button, Empty, grouped } from "../../parts";
import { shellText } from "./forms";
import * as view from "./view";

export function NoRuns(props: { experiment: string; hidden: number }): JSX.Element {
  const name = props.experiment;
  if (props.hidden > 0) {
    return (
      <Empty title="All runs are hidden">
        <Button kind="primary" onClick={() => view.hidden.set([])}>Show {grouped(props.hidden)} hidden</Button>
      </Empty>
    );
  }
  const body = JSON.stringify({ experiment: name, params: { lr: 0.1 } });
  return (
    <Empty
      title="No run yet"
      lines={[
        { title: "a run in Python", text: `import mltrack\nwith mltrack.init(project=${JSON.stringify(name)}) as run:\n    run.log({"loss": 0.5})` },
        { title: "a run in Rust", text: `let tracker = mltrack::Tracker::open(".mltrack")?;\ntracker.run(${JSON.stringify(name)}, |run| Ok(run.log_metric("loss", 0.5)?))?;` },
        { title: "a run over HTTP", text: `curl ${location.origin}/api/v1/runs -H 'content-type: application/json' -d ${shellText(body)}` },
      ]}
    />
  );
}
