/**
 * What is known of the thing that is chosen: what it was made of, what is affected when it is bad, and how they hang
 * together.
 *
 * Invariant: what is counted is what the store knows, and not only what is drawn; where an answer was cut, it says so.
 */
import type { JSX } from "preact";

import { get } from "../../api/client";
import { useResource } from "../../api/resource";
import type { Lineage } from "../../api/types";
import { Badge, Copyable, Failure, Name, Skeleton, Time } from "../../parts";
import { href } from "../../state/url";
import { countKinds, graphOf, inWords, KIND_NAMES, pageOf, type Graph, type Kind, type Thing } from "./graph";
import { shell } from "./copy";

/** So many names of a kind are listed. */
const NAMES_MAX = 50;
const LIMIT = 10_000;

export function Impact(props: { thing: Thing; onChoose: (reference: string) => void; onAsk: (reference: string) => void }): JSX.Element {
  const { thing } = props;
  const page = pageOf(thing);
  return (
    <div class="lineage-side">
      <div>
        <p class="small soft">{KIND_NAMES[thing.kind].one}</p>
        <h2 class="name" dir="auto">
          {thing.name.slice(0, 300)}
        </h2>
        <p class="row small">
          <Time time={thing.created} /> {thing.state !== "present" && <Badge tone="warn">{thing.state}</Badge>}
        </p>
      </div>
      <div class="row">
        {page !== null && (
          <a class="button" href={href(page)}>
            Open
          </a>
        )}
        {thing.depth > 0 && (
          <button type="button" class="button" onClick={() => props.onAsk(thing.reference)}>
            Ask about this
          </button>
        )}
      </div>
      <Side thing={thing} way="down" title="Affected when it is bad" none="Nothing was made of it." onChoose={props.onChoose} />
      <Side thing={thing} way="up" title="Made of" none="It was made of nothing that the store knows." onChoose={props.onChoose} />
      <Copyable title="command" text={`mltrack lineage ${shell(thing.reference)} --impact`} />
    </div>
  );
}

function Side(props: {
  thing: Thing;
  way: "up" | "down";
  title: string;
  none: string;
  onChoose: (reference: string) => void;
}): JSX.Element {
  const { reference } = props.thing;
  const { value, error, reload } = useResource(`${props.way} ${reference}`, async (signal) => {
    const answer = await get<Lineage>(`/lineage/${encodeURIComponent(reference)}`, { direction: props.way, limit: LIMIT }, { signal });
    return { graph: graphOf(answer), isCut: answer.is_cut, of: reference };
  });
  const found = value.value?.of === reference ? value.value : undefined;
  const isEmpty = found !== undefined && found.graph.things.length <= 1;
  return (
    <section aria-label={props.title}>
      <h3>{props.title}</h3>
      {error.value && <Failure error={error.value} onRetry={reload} />}
      {found === undefined && !error.value && <Skeleton lines={2} />}
      {isEmpty && <p class="soft">{props.none}</p>}
      {found !== undefined && !isEmpty && <Reached graph={found.graph} isCut={found.isCut} onChoose={props.onChoose} />}
    </section>
  );
}

function Reached(props: { graph: Graph; isCut: boolean; onChoose: (reference: string) => void }): JSX.Element {
  const others = props.graph.things.slice(1);
  const counts = countKinds(others);
  return (
    <>
      <p class="small">
        {inWords(counts)}
        {props.isCut && ", and more: the answer was cut"}
      </p>
      {counts.map(([kind, count]) => (
        <Kinds key={kind} kind={kind} count={count} things={others} isOpen={count <= 8} onChoose={props.onChoose} />
      ))}
    </>
  );
}

function Kinds(props: {
  kind: Kind;
  count: number;
  things: readonly Thing[];
  isOpen: boolean;
  onChoose: (reference: string) => void;
}): JSX.Element {
  const names = KIND_NAMES[props.kind];
  const things = props.things.filter(({ kind }) => kind === props.kind).slice(0, NAMES_MAX);
  return (
    <details class="lineage-kind" open={props.isOpen}>
      <summary>
        {props.count} {props.count === 1 ? names.one : names.many}
      </summary>
      <ul>
        {things.map((thing) => (
          <li key={thing.reference}>
            <button type="button" class="text-link" onClick={() => props.onChoose(thing.reference)}>
              <Name text={thing.name} class="cut" />
            </button>
            <span class="small soft">{thing.depth === 1 ? "1 step" : `${thing.depth} steps`}</span>
          </li>
        ))}
      </ul>
      {props.count > NAMES_MAX && <p class="small soft">and {props.count - NAMES_MAX} more, in the list</p>}
    </details>
  );
}
