/**
 * What is shown before anything was logged.
 *
 * Invariant: every line works as it is copied, with the address of this very server.
 */
import type { JSX } from "preact";

import { Empty } from "../../parts";
import { serverAddress, store } from "../../shell/store";
import { shellWord } from "../compare/export";

export function FirstSteps(): JSX.Element {
  const address = serverAddress();
  const path = store.value?.path ?? ".mltrack";
  return (
    <Empty
      title="Nothing was logged yet"
      lines={[
        {
          title: "Python",
          text: `import mlflow\nmlflow.set_tracking_uri("${address}")\nwith mlflow.start_run(): mlflow.log_metric("loss", 0.5)`,
        },
        {
          title: "Rust",
          text: `let tracker = mltrack::Tracker::open(${JSON.stringify(path)})?;\ntracker.run("first", |run| Ok(run.log_metrics(0, [("loss", 0.5)])?))?;`,
        },
        {
          title: "shell",
          text: `curl ${address}/api/v1/runs -H 'content-type: application/json' -d '{"experiment": "Default", "name": "first", "params": {"lr": 0.1}}'`,
        },
        { title: "demo: four small models, trained here in seconds", text: `mltrack -C ${shellWord(path)} demo` },
      ]}
    >
      <p class="soft">Copy one of these where your code runs: what it logs shows up here by itself.</p>
    </Empty>
  );
}
