/**
 * The page of one dataset or one model: its head, its versions, the one that is looked at, and who took it in.
 *
 * Invariants: the version that is looked at is part of the address; a page that fails or is of nothing says what to do.
 */
import type { JSX } from "preact";

import { get } from "../../api/client";
import { useResource } from "../../api/resource";
import type { Use } from "../../api/types";
import { useTicks } from "../../live/live";
import { Button, Empty, Failure, Skeleton, type TableColumn } from "../../parts";
import { number, param } from "../../state/url";
import { useThrottled, useWhyFixed } from "../run/context";
import { TagsPanel } from "../run/tags";
import { MissingThing, ThingHead, type Thing } from "./thing-head";
import * as things from "./things";
import { Uses } from "./uses";
import type { AnyVersion } from "./version-panel";
import { Versions } from "./versions";
import "../run/parts/shared.css";
import "../run/preview/preview.css";
import "./things.css";

const picked = param("version", number, 0);

/** A thing as its page shows it. */
export interface Shown<Item, Version> {
  readonly item: Item;
  readonly version: Version;
  /** Why nothing can be changed; null when it can. */
  readonly whyFixed: string | null;
  readonly reload: () => void;
}

interface Props<Version extends AnyVersion, Item extends Thing & { readonly versions: readonly Version[] }> {
  readonly kind: things.Kind;
  readonly id: string;
  /** The columns of its versions, besides the number and the time. */
  readonly columns: (item: Item) => readonly TableColumn<Version>[];
  /** The command that adds a version. */
  readonly addLine: (name: string) => string;
  readonly about: (shown: Shown<Item, Version>) => JSX.Element;
  readonly aside?: (shown: Shown<Item, Version | undefined>) => JSX.Element;
  readonly usesTitle: string;
  /** The line of Python that takes it in. */
  readonly useLine: (name: string) => string;
}

export function ThingPage<Version extends AnyVersion, Item extends Thing & { readonly versions: readonly Version[] }>(props: Props<Version, Item>): JSX.Element {
  const { kind } = props;
  const path = `/${kind}/${encodeURIComponent(props.id)}`;
  const loaded = useResource(path, (signal) => get<{ item: Item; uses: Use[] }>(path, {}, { signal }));
  const reload = useThrottled(loaded.reload, 1_000);
  useTicks({}, (tick) => tick.events.some((event) => event.type.startsWith(things.WORD[kind])) && reload());
  const whyFixed = useWhyFixed();
  const known = loaded.value.value;
  const error = loaded.error.value;
  if (error && (error.code === "NOT_FOUND" || !known)) return <MissingThing kind={kind} name={props.id} error={error} whyFixed={whyFixed} reload={loaded.reload} />;
  if (!known) return <div class="page"><Skeleton lines={8} /></div>;
  const { item, uses } = known;
  const version = versionOf(item.versions);
  const shown = { item, version, whyFixed: whyFixed ?? (item.deleted ? "It is deleted: restore it first." : null), reload: loaded.reload };
  return (
    <div class="page">
      <ThingHead kind={kind} thing={item} whyFixed={whyFixed} reload={loaded.reload} />
      {error && <Failure error={error} onRetry={loaded.reload} />}
      <div class="thing-page">
        <div class="thing-main">
          {item.versions.length === 0 && <Empty title="No version yet" lines={[{ title: "the command", text: props.addLine(item.name) }]} />}
          {item.versions.length > 0 && <NoSuchVersion versions={item.versions} />}
          {item.versions.length > 0 && <Versions versions={item.versions} shown={version} columns={props.columns(item)} onPick={(one) => picked.set(one)} />}
          {version && <div key={version.number} class="thing-version">{props.about({ ...shown, version })}</div>}
        </div>
        <div class="thing-side">
          {props.aside?.(shown)}
          <TagsPanel tags={item.tags} whyFixed={shown.whyFixed} onSet={(key, value) => things.edit(kind, item.name, { tags: { [key]: value } }, `Tagged ${item.name.slice(0, 40)}`).then(loaded.reload)} />
          <Uses title={props.usesTitle} node={`${things.WORD[kind]}:${item.id}`} uses={uses} version={version?.number ?? null} example={props.useLine(item.name)} />
        </div>
      </div>
    </div>
  );
}

/** The version of the address, or the newest one that is not removed. */
function versionOf<Version extends AnyVersion>(versions: readonly Version[]): Version | undefined {
  return versions.find((each) => each.number === picked.signal.value) ?? versions.findLast((each) => !each.removed) ?? versions.at(-1);
}

/** Says that the address names a version that is not there. */
function NoSuchVersion(props: { readonly versions: readonly AnyVersion[] }): JSX.Element | null {
  const asked = picked.signal.value;
  if (asked === 0 || props.versions.some((each) => each.number === asked)) return null;
  return (
    <p class="row soft" role="status">
      There is no version {asked}: this is the newest one. <Button onClick={() => picked.set(0)}>Go on with it</Button>
    </p>
  );
}
