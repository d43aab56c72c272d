/**
 * How the log is, at one look.
 *
 * Invariant: what is bad is said in words and stands first; what is known is shown while the rest is on its way.
 */
import type { ComponentChildren, JSX } from "preact";

import type { LogForm } from "../../api/types";
import { Badge, bytesText, counted, grouped, Time } from "../../parts";
import { href } from "../../state/url";

export function Facts(props: { log: LogForm }): JSX.Element {
  const { log } = props;
  const bytes = log.segments.reduce((sum, segment) => sum + segment.used_bytes, 0);
  const packed = log.segments.filter((segment) => segment.packed).length;
  const snapshot = log.snapshots.reduce((most, { next }) => Math.max(most, (next ?? 0) - 1), 0);
  return (
    <>
      {log.verified?.sound === false && (
        <p class="log-bad" role="alert">
          <strong>Damage was found.</strong> The last check names {counted(log.verified.damages.length, "damaged range")}.{" "}
          <a href={href("/log", { part: "check" })}>What is affected, and the command that repairs</a>
        </p>
      )}
      <dl class="log-facts">
        <Fact title="Last record">{grouped(log.lsn)}</Fact>
        <Fact title="Size">
          {bytesText(bytes)} in {counted(log.segments.length, "segment")}
          {packed > 0 && `, ${packed} packed`}
        </Fact>
        <Fact title="Index">
          {log.index_lag === 0 ? (
            <Badge tone="good">up to date</Badge>
          ) : (
            <Badge tone="warn">{`${grouped(log.index_lag)} records behind`}</Badge>
          )}
        </Fact>
        <Fact title="Newest snapshot">
          {snapshot === 0 ? "none: the log is folded from its beginning" : `at ${grouped(snapshot)}, ${grouped(Math.max(0, log.lsn - snapshot))} records ago`}
        </Fact>
        <Fact title="Last check">
          {log.verified == null ? (
            "none since the server began"
          ) : (
            <>
              <Badge tone={log.verified.sound ? "good" : "bad"}>{log.verified.sound ? "sound" : "damaged"}</Badge> <Time time={log.verified.time} />
            </>
          )}
        </Fact>
        {log.history_floor != null && <Fact title="History begins">at {grouped(log.history_floor)}: what was before was purged</Fact>}
      </dl>
    </>
  );
}

function Fact(props: { title: string; children: ComponentChildren }): JSX.Element {
  return (
    <div>
      <dt>{props.title}</dt>
      <dd>{props.children}</dd>
    </div>
  );
}
