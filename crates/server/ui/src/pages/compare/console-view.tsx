/**
 * What two runs printed, line by line.
 *
 * Invariant: no more lines are compared than are said to be; colours are no differences.
 */
import type { JSX } from "preact";

import { get } from "../../api/client";
import { useResource } from "../../api/resource";
import type { Lines } from "../../api/types";
import { Empty, Failure, Skeleton, Switch } from "../../parts";
import { flag, param } from "../../state/url";
import { plainText } from "../run/text/ansi";
import { DifferenceList } from "./difference-list";
import type { Member } from "./load";
import type { ViewProps } from "./page";
import { PairBar, pairOf, type Pair } from "./pair";

const LINES_MAX = 5_000;
const withoutNumbers = param("plain", flag, true);

interface Printed {
  readonly lines: readonly string[];
  readonly isCut: boolean;
}

async function printedBy(run: Member, signal: AbortSignal): Promise<Printed> {
  const lines: string[] = [];
  let cursor: string | null = null;
  do {
    const query: Record<string, string | number | null> = { limit: 1000, cursor };
    const page: Lines = await get<Lines>(`/runs/${encodeURIComponent(run.id)}/console`, query, { signal });
    for (const line of page.items) lines.push(plainText(line.text));
    cursor = page.next ?? null;
  } while (cursor !== null && lines.length < LINES_MAX);
  return { lines: lines.slice(0, LINES_MAX), isCut: cursor !== null };
}

/** A line in which every number is the same one. */
export function numbersAlike(line: string): string {
  return line.replace(/\d+(?:[.,:]\d+)*(?:e[+-]?\d+)?/gi, "0");
}

export function ConsoleView(props: ViewProps): JSX.Element {
  const pair = pairOf(props);
  if (!pair) return <Empty title="It takes two runs to compare consoles" />;
  return (
    <>
      <PairBar {...props} pair={pair}>
        <Switch label="Numbers do not count" isOn={withoutNumbers.signal.value} onChange={(isOn) => withoutNumbers.set(isOn)} />
      </PairBar>
      <Consoles key={pair.left.id + pair.right.id} pair={pair} />
    </>
  );
}

function Consoles(props: { readonly pair: Pair }): JSX.Element {
  const { left, right } = props.pair;
  const loaded = useResource(`consoles ${left.id} ${right.id}`, (signal) => Promise.all([printedBy(left, signal), printedBy(right, signal)]));
  if (loaded.error.value) return <Failure error={loaded.error.value} onRetry={loaded.reload} />;
  const known = loaded.value.value;
  if (!known) return <Skeleton lines={10} />;
  const [one, other] = known;
  if (one.lines.length + other.lines.length === 0) return <Empty title="Neither of them printed anything" />;
  return (
    <>
      {(one.isCut || other.isCut) && <p class="soft">The first {LINES_MAX} lines of each are compared.</p>}
      <DifferenceList
        label="Difference of the consoles"
        left={one.lines}
        right={other.lines}
        {...(withoutNumbers.signal.value ? { asCompared: numbersAlike } : {})}
      />
    </>
  );
}
