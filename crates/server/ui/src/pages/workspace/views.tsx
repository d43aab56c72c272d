/**
 * Saved views: what is shown here under a name, with who made it and what it was before.
 *
 * Invariants: a view is changed only while nobody else has changed it; its short address stays the same.
 */
import type { JSX } from "preact";
import { useState } from "preact/hooks";

import { del, get, post, put } from "../../api/client";
import { useResource } from "../../api/resource";
import type { View } from "../../api/types";
import { Button, copy, Dialog, Failure, Skeleton, TextField, Time } from "../../parts";
import { whyFixed } from "../../state/rights";
import { did, failed } from "../../state/undo";
import { go, place } from "../../state/url";

interface ViewsPage {
  readonly items: readonly View[];
}

/** The address that a view keeps: what is shown, but for the moment and the view itself. */
export function keptAddress(path: string, query: URLSearchParams): string {
  const kept = new URLSearchParams(query);
  kept.delete("view");
  const text = kept.toString();
  return text === "" ? path : `${path}?${text}`;
}

export function Views(props: { onClose: () => void }): JSX.Element {
  const { path, query } = place.value;
  const current = query.get("view");
  const views = useResource("views", (signal) => get<ViewsPage>("/views", { limit: 1_000 }, { signal, pinned: false }));
  const mine = views.value.value?.items.filter((view) => addressOf(view)?.split("?")[0] === path) ?? [];
  const content = { address: keptAddress(path, query) };
  const attempt = (what: string, act: () => Promise<void>): void => {
    act().then(views.reload).catch((error: unknown) => failed(what, error));
  };
  const save = (name: string): void =>
    attempt("The view was not saved", async () => {
      const { id, lsn } = await post<View>("/views", { name, content });
      did(`Saved the view ${name.slice(0, 60)}`, { lsn });
      go(`${content.address}${content.address.includes("?") ? "&" : "?"}view=${encodeURIComponent(id)}`, { replace: true });
    });
  return (
    <Dialog title="Views" onClose={props.onClose}>
      {whyFixed.value !== null && <p class="soft">{whyFixed.value}</p>}
      <NewView onSave={save} />
      {views.error.value && <Failure error={views.error.value} onRetry={views.reload} />}
      {views.value.value === undefined && !views.error.value && <Skeleton lines={4} />}
      <ul class="views">
        {mine.map((view) => (
          <One
            key={view.id}
            view={view}
            isCurrent={view.id === current}
            onOpen={() => {
              props.onClose();
              go(`/v/${encodeURIComponent(view.id)}`);
            }}
            onUpdate={() =>
              attempt("The view was not changed", async () => {
                const { lsn } = await put<View>(`/views/${encodeURIComponent(view.id)}`, { name: view.name, content }, { ifMatch: `"${view.lsn}"` });
                did(`Changed the view ${view.name.slice(0, 60)}`, { lsn });
              })
            }
            onFork={() => save(`${view.name} (copy)`.slice(0, 256))}
            onRemove={() =>
              attempt("The view was not removed", async () => {
                await del(`/views/${encodeURIComponent(view.id)}`);
                did(`Removed the view ${view.name.slice(0, 60)}`);
              })
            }
          />
        ))}
      </ul>
      {views.value.value !== undefined && mine.length === 0 && <p class="soft">Nobody has saved a view of this experiment yet.</p>}
    </Dialog>
  );
}

function addressOf(view: View): string | null {
  const { address } = view.content as { address?: unknown };
  return typeof address === "string" ? address : null;
}

function NewView(props: { onSave: (name: string) => void }): JSX.Element {
  const [name, setName] = useState("");
  const save = (): void => {
    if (name.trim() === "" || whyFixed.peek() !== null) return;
    props.onSave(name.trim());
    setName("");
  };
  return (
    <div class="row">
      <TextField label="Save what is shown as" value={name} onInput={setName} onEnter={save} autoFocus />
      <Button kind="primary" onClick={save} disabled={name.trim() === "" || whyFixed.value !== null}>Save</Button>
    </div>
  );
}

function One(props: {
  view: View;
  isCurrent: boolean;
  onOpen: () => void;
  onUpdate: () => void;
  onFork: () => void;
  onRemove: () => void;
}): JSX.Element {
  const { view } = props;
  const link = `${location.origin}/v/${encodeURIComponent(view.id)}`;
  return (
    <li class="views-one" aria-current={props.isCurrent ? "true" : undefined}>
      <button type="button" class="views-name name" dir="auto" onClick={props.onOpen}>{view.name.slice(0, 300)}</button>
      <p class="small faint">
        by <span class="name" dir="auto">{view.author || "somebody"}</span>, changed <Time time={view.updated} />
        {view.actor !== view.author && view.actor !== "" && <> by <span class="name" dir="auto">{view.actor}</span></>}
      </p>
      <div class="row">
        <Button kind="quiet" onClick={() => void copy(link, "Link copied")}>Copy link</Button>
        <Button kind="quiet" disabled={whyFixed.value !== null} onClick={props.onUpdate} title="Make it what is shown now">Update</Button>
        <Button kind="quiet" disabled={whyFixed.value !== null} onClick={props.onFork} title="Save what is shown under a name of its own">Fork</Button>
        <Button kind="quiet" disabled={whyFixed.value !== null} onClick={props.onRemove}>Remove</Button>
      </div>
      {view.earlier.length > 0 && <Earlier view={view} />}
    </li>
  );
}

function Earlier(props: { view: View }): JSX.Element {
  const { view } = props;
  const show = async (lsn: number): Promise<void> => {
    const old = await get<View>(`/views/${encodeURIComponent(view.id)}`, { at: lsn });
    const address = addressOf(old);
    if (address !== null && /^\/(?!\/)/.test(address)) go(address);
  };
  return (
    <details>
      <summary class="small soft">{view.earlier.length} earlier</summary>
      <ol class="views-earlier">
        {[...view.earlier].reverse().map((version) => (
          <li key={version.lsn}>
            <Button kind="quiet" onClick={() => void show(version.lsn).catch((error: unknown) => failed("It cannot be shown", error))}>
              <Time time={version.time} style="short" /> {version.actor.slice(0, 60)}
            </Button>
          </li>
        ))}
      </ol>
    </details>
  );
}
