/**
 * The runs that took in a version.
 *
 * Invariant: newest first; of very many the first hundred are shown, and the graph has all of them.
 */
import type { JSX } from "preact";

import type { Use } from "../../api/types";
import { Badge, Copyable, Panel, Time } from "../../parts";
import { href } from "../../state/url";

const SHOWN = 100;

interface Props {
  readonly title: string;
  /** What they use, as the graph of lineage names it. */
  readonly node: string;
  readonly uses: readonly Use[];
  readonly version: number | null;
  readonly example: string;
}

export function Uses(props: Props): JSX.Element {
  const uses = [...props.uses].sort((one, other) => other.lsn - one.lsn);
  const isOf = (use: Use): boolean => use.number === props.version;
  const sorted = [...uses.filter(isOf), ...uses.filter((use) => !isOf(use))];
  return (
    <Panel title={`${props.title}${uses.length > 0 ? ` (${uses.length})` : ""}`}>
      {uses.length === 0 && (
        <>
          <p class="soft">No run took it in yet.</p>
          <Copyable title="Python" text={props.example} />
        </>
      )}
      <ul>
        {sorted.slice(0, SHOWN).map((use) => (
          <li key={`${use.run} ${use.lsn}`} class="thing-use">
            <a class="mono" href={href(`/runs/${encodeURIComponent(use.run)}`)}>
              {use.run}
            </a>
            <Badge tone={isOf(use) ? "accent" : "plain"}>v{use.number}</Badge>
            {use.split && <span class="soft">{use.split}</span>}
            <span class="soft small">
              <Time time={use.time} />
            </span>
          </li>
        ))}
      </ul>
      {sorted.length > SHOWN && (
        <p class="soft">
          {sorted.length - SHOWN} more: <a href={href("/lineage", { node: props.node })}>the graph</a> has all of them.
        </p>
      )}
    </Panel>
  );
}
