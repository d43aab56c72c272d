/**
 * The log itself: every record, from the first to the last, what it lies in, and whether its bytes are what was written.
 *
 * Invariant: nothing here changes the log but an undo, which is a record of its own.
 */
import type { JSX } from "preact";

import "./log.css";
import { get } from "../../api/client";
import { useResource } from "../../api/resource";
import type { LogForm } from "../../api/types";
import { Failure, Panel, Skeleton, Tabs } from "../../parts";
import { useTicks } from "../../live/live";
import { param, type Codec } from "../../state/url";
import { Check } from "./check";
import { Events } from "./events";
import { Facts } from "./facts";
import { Operations } from "./operations";
import { Scrubber } from "./scrubber";
import { Segments, Snapshots } from "./segments";

type Part = "events" | "operations" | "segments" | "check";
const PARTS: readonly Part[] = ["events", "operations", "segments", "check"];
const parts: Codec<Part> = { read: (value) => PARTS.find((known) => known === value), write: (value) => value };
const part = param<Part>("part", parts, "events");

/** The facts are asked for again at most so often while the log grows. */
const AGAIN_MS = 5_000;
let asked = 0;

export default function Log(): JSX.Element {
  // The log is what it is now, whatever moment the page shows.
  const log = useResource("log", (signal) => get<LogForm>("/log", {}, { signal, pinned: false }));
  useTicks({}, () => {
    if (Date.now() - asked < AGAIN_MS) return;
    asked = Date.now();
    log.reload();
  });
  const found = log.value.value;
  return (
    <div class="page log">
      <div class="page-head">
        <h1>Log</h1>
      </div>
      {log.error.value && <Failure error={log.error.value} onRetry={log.reload} />}
      {found === undefined && !log.error.value && <Skeleton lines={4} />}
      {found !== undefined && <Facts log={found} />}
      <Panel title="Moment">
        <Scrubber />
      </Panel>
      <Tabs
        label="Parts of the log"
        current={part.signal.value}
        onChange={(name) => part.set(name)}
        tabs={[
          { name: "events", title: "Records" },
          { name: "operations", title: "Operations" },
          { name: "segments", title: "Segments and snapshots" },
          { name: "check", title: "Check" },
        ]}
      >
        {part.signal.value === "events" && <Events />}
        {part.signal.value === "operations" && <Operations />}
        {part.signal.value === "segments" && found !== undefined && (
          <div class="log-parts">
            <Segments log={found} />
            <Snapshots log={found} />
          </div>
        )}
        {part.signal.value === "check" && <Check last={found?.verified ?? null} onDone={log.reload} />}
      </Tabs>
    </div>
  );
}
