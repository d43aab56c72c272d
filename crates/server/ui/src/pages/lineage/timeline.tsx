/**
 * When the things of the graph came to be: a lane for each kind.
 *
 * Invariant: things of one moment are one mark, as large as they are many; a mark says how many and which.
 */
import type { JSX } from "preact";
import { useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";

import { timeText } from "../../parts";
import { KIND_NAMES, type Graph } from "./graph";
import { lanesOf } from "./lanes";

const LANE = 44;
const LEFT = 136;
const RIGHT = 24;
const TOP = 8;

export function Timeline(props: { graph: Graph; chosen: number | null; onChoose: (reference: string) => void }): JSX.Element {
  const box = useRef<HTMLDivElement>(null);
  const [width, setWidth] = useState(800);
  useLayoutEffect(() => {
    const element = box.current;
    if (element === null) return undefined;
    const observer = new ResizeObserver(() => setWidth(Math.max(320, element.clientWidth)));
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
  const inner = width - LEFT - RIGHT;
  const { lanes, from, to, untimed } = useMemo(() => lanesOf(props.graph, Math.floor(inner / 10)), [props.graph, inner]);
  const height = TOP + lanes.length * LANE + 32;
  if (lanes.length === 0) return <p class="soft">Nobody knows when these things came to be.</p>;
  return (
    <div class="lineage-timeline" ref={box}>
      <svg width={width} height={height} role="group" aria-label={`Things by time, from ${timeText(from)} to ${timeText(to)}`}>
        {lanes.map((lane, row) => (
          <g key={lane.kind} transform={`translate(0 ${TOP + row * LANE})`}>
            <line x1={LEFT} x2={width - RIGHT} y1={LANE / 2} y2={LANE / 2} class="lineage-lane" />
            <text x="0" y={LANE / 2 + 4} class="lineage-lane-name">
              {KIND_NAMES[lane.kind].many}
            </text>
            {lane.marks.map((mark) => (
              <Mark key={mark.at} {...props} places={mark.places} x={LEFT + mark.at * inner} kind={lane.kind} />
            ))}
          </g>
        ))}
        <text x={LEFT} y={height - 8} class="lineage-time">
          {timeText(from, "short")}
        </text>
        <text x={width - RIGHT} y={height - 8} class="lineage-time" text-anchor="end">
          {timeText(to, "short")}
        </text>
      </svg>
      {untimed > 0 && <p class="small soft">{untimed} things without a time are not shown.</p>}
    </div>
  );
}

function Mark(props: {
  graph: Graph;
  chosen: number | null;
  places: readonly number[];
  x: number;
  kind: string;
  onChoose: (reference: string) => void;
}): JSX.Element {
  const things = props.places.flatMap((place) => props.graph.things[place] ?? []);
  const first = things[0];
  const isChosen = props.chosen !== null && props.places.includes(props.chosen);
  const names = things.slice(0, 5).map(({ name }) => name.slice(0, 60)).join(", ");
  const label = things.length > 5 ? `${names} and ${things.length - 5} more` : names;
  const choose = (): void => {
    if (first !== undefined) props.onChoose(first.reference);
  };
  return (
    <g
      role="button"
      tabindex={0}
      aria-label={`${label}, ${timeText(first?.created ?? "")}`}
      class={isChosen ? "lineage-mark lineage-mark-chosen" : "lineage-mark"}
      data-kind={props.kind}
      onClick={choose}
      onKeyDown={(event) => {
        if (event.key !== "Enter" && event.key !== " ") return;
        event.preventDefault();
        choose();
      }}
    >
      <title>{`${label}\n${timeText(first?.created ?? "")}`}</title>
      <circle cx={props.x} cy={LANE / 2} r="12" fill="transparent" />
      <circle class="lineage-dot" cx={props.x} cy={LANE / 2} r={Math.min(13, 4 + Math.sqrt(things.length) * 1.2)} />
    </g>
  );
}
