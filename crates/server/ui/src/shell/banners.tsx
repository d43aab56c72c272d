/**
 * What one has to know whatever one looks at.
 *
 * Invariant: a banner says what is the matter, what still works and what to do; it goes when its reason does.
 */
import type { JSX } from "preact";

import { clockSkewSeconds, damage, isReached } from "../api/reach";
import { dismissRewound, retryNow, rewoundTo } from "../live/live";
import { Button, counted, durationText, grouped } from "../parts";
import { caller, isReadOnly, isViewer } from "../state/rights";
import { href } from "../state/url";
import { foundDamages, indexLag } from "./store";

export function Banners(): JSX.Element {
  const lag = indexLag.value;
  const skew = clockSkewSeconds.value;
  return (
    <>
      {!isReached.value && (
        <Banner tone="bad" text="The server does not answer. What is shown is what was known last." action={["Try again", retryNow]} />
      )}
      <Damaged />
      {lag > 0 && <Banner tone="warn" text={`The index is ${grouped(lag)} events behind: numbers are as of then, and catch up.`} />}
      {rewoundTo.value !== null && (
        <Banner
          tone="warn"
          text={`An unclean stop of the server has cut off what came after record ${rewoundTo.value}. Everything shown was loaded anew.`}
          action={["Understood", dismissRewound]}
        />
      )}
      {isReadOnly.value && <Banner tone="plain" text="This server only reads the store: nothing can be changed here." />}
      {isViewer.value && !isReadOnly.value && (
        <Banner tone="plain" text={`The key ${caller.value ?? ""} may look and change nothing: its role is viewer. Forget it under Settings to put in another one.`} />
      )}
      {Math.abs(skew) >= 60 && (
        <Banner
          tone="warn"
          text={`The clock of this computer is ${durationText(Math.abs(skew))} ${skew > 0 ? "behind" : "ahead of"} the server's; times are by the server's.`}
        />
      )}
    </>
  );
}

/** Where damage lies as far as that is known, what it leaves alone, and what repairs it. */
function Damaged(): JSX.Element | null {
  const met = damage.value;
  const [first, ...more] = foundDamages.value;
  if (met === null && first === undefined) return null;
  const where =
    first === undefined
      ? (met?.message ?? "")
      : `${first.file} is damaged at byte ${grouped(first.offset)}${more.length > 0 ? `, and at ${counted(more.length, "more place")}` : ""}`;
  if (met?.isOfLog === false && first === undefined) {
    return <Banner tone="bad" text={`Damaged bytes were met: ${where}. All other artifacts can be read as before. ${met.hint ?? "mltrack artifact verify tells which."}`} />;
  }
  const all = href("/log", { part: "check" });
  return (
    <div class="shell-banner shell-banner-bad" role="alert">
      <span class="name" dir="auto">
        {first === undefined && "Damaged bytes were met: "}
        {where}.
      </span>
      <span>
        Everything that does not lie there can be read as before.{" "}
        <a href={all}>{first === undefined ? "Check the log" : "What is affected"}</a>; <code>mltrack verify --deep</code> names
        it, <code>mltrack repair</code> lets readers step over it.
      </span>
    </div>
  );
}

function Banner(props: { tone: "bad" | "warn" | "plain"; text: string; action?: readonly [string, () => void] }): JSX.Element {
  return (
    <div class={`shell-banner shell-banner-${props.tone}`} role={props.tone === "bad" ? "alert" : "status"}>
      <span class="name">{props.text}</span>
      {props.action && (
        <Button kind="quiet" onClick={props.action[1]}>
          {props.action[0]}
        </Button>
      )}
    </div>
  );
}
