/**
 * Search over everything and all that can be done, in one place.
 *
 * Invariants: actions are found at once and things of the store as the server answers; what was typed before is never
 * shown for what is typed now.
 */
import { computed, signal } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";

import { get } from "../api/client";
import { useResource } from "../api/resource";
import type { Found, Page_Found } from "../api/types";
import { Dialog, Keys } from "../parts";
import { actions, keysOf, perform, whyNot, type Action } from "../state/actions";
import { go, href } from "../state/url";
import { addressOf, kindTitle } from "./found";
import { matching } from "./match";

const FOUND_MAX = 12;
const TYPING_MS = 80;
const isOpen = signal(false);

/** Opens it. */
export function openPalette(): void {
  isOpen.value = true;
}

/** One line of it. */
interface Entry {
  readonly key: string;
  readonly title: string;
  readonly detail: string;
  readonly keys: string | null;
  /** It cannot be done here; its detail says why. */
  readonly isFixed?: boolean;
  choose(): void;
}

export function Palette(): JSX.Element | null {
  return isOpen.value ? <Open /> : null;
}

function Open(): JSX.Element {
  const [words, setWords] = useState("");
  const [current, setCurrent] = useState(0);
  const close = (): void => {
    isOpen.value = false;
  };
  const found = useFound(words.trim());
  const entries = [...actionEntries(words), ...foundEntries(found, words)];
  const at = Math.min(current, entries.length - 1);
  const choose = (entry: Entry | undefined): void => {
    if (entry === undefined) return;
    close();
    // The dialog gives the focus back first, so that what is chosen may move it.
    setTimeout(() => entry.choose());
  };
  return (
    <Dialog title="Search and commands" isTitleHidden onClose={close}>
      <input
        class="input shell-palette-field"
        role="combobox"
        aria-expanded="true"
        aria-controls="palette-list"
        aria-activedescendant={entries.length > 0 ? `palette-${at}` : undefined}
        aria-label="Search everything, or say what to do"
        placeholder="Search everything, or say what to do"
        autocomplete="off"
        spellcheck={false}
        dir="auto"
        value={words}
        onInput={(event) => {
          setWords(event.currentTarget.value);
          setCurrent(0);
        }}
        onKeyDown={(event) => {
          const to = { ArrowDown: at + 1, ArrowUp: at - 1 + entries.length }[event.key];
          if (to !== undefined && entries.length > 0) setCurrent(to % entries.length);
          else if (event.key === "Enter" && !event.isComposing) choose(entries[at]);
          else return;
          event.preventDefault();
        }}
      />
      <List entries={entries} at={at} onChoose={choose} />
    </Dialog>
  );
}

function List(props: { entries: readonly Entry[]; at: number; onChoose: (entry: Entry) => void }): JSX.Element {
  const list = useRef<HTMLDivElement>(null);
  useEffect(() => {
    list.current?.querySelector("[aria-selected=true]")?.scrollIntoView({ block: "nearest" });
  }, [props.at]);
  return (
    <div class="shell-palette" id="palette-list" role="listbox" aria-label="What was found" ref={list}>
      {props.entries.length === 0 && <p class="soft">Nothing is called that.</p>}
      {props.entries.map((entry, index) => (
        <div
          key={entry.key}
          id={`palette-${index}`}
          role="option"
          class="shell-palette-entry"
          aria-selected={index === props.at}
          aria-disabled={entry.isFixed === true ? true : undefined}
          onClick={() => props.onChoose(entry)}
        >
          <span class="cut" dir="auto">
            {entry.title}
          </span>
          <span class="cut small soft mono" dir="auto">
            {entry.detail}
          </span>
          {entry.keys !== null && <Keys keys={entry.keys} />}
        </div>
      ))}
    </div>
  );
}

const offered = computed(() => actions.value.filter((action) => action.id !== "palette"));

function actionEntries(words: string): Entry[] {
  const possible = offered.value.filter((action) => action.when?.() ?? true);
  return matching(words, possible, (action: Action) => action.title).map((action) => ({
    key: `action ${action.id}`,
    title: action.title,
    detail: whyNot(action) ?? action.cli?.() ?? "",
    keys: keysOf(action),
    isFixed: whyNot(action) !== null,
    choose: () => perform(action),
  }));
}

function foundEntries(found: readonly Found[], words: string): Entry[] {
  if (words.trim() === "") return [];
  const entries = found.map((item, index): Entry => {
    const where = [kindTitle(item.kind), item.experiment, item.value].filter((part) => part != null && part !== "");
    return {
      key: `found ${index}`,
      title: item.name.slice(0, 200),
      detail: where.join(" · ").slice(0, 200),
      keys: null,
      choose: () => go(addressOf(item)),
    };
  });
  const all = href("/search", { q: words.trim() });
  return [...entries, { key: "all", title: `All results for “${words.trim().slice(0, 80)}”`, detail: "", keys: null, choose: () => go(all) }];
}

function useFound(words: string): readonly Found[] {
  const [settled, setSettled] = useState(words);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(words), TYPING_MS);
    return () => clearTimeout(timer);
  }, [words]);
  const { value } = useResource(`palette ${settled}`, async (signal) => {
    if (settled === "") return { words: settled, items: [] as Found[] };
    const page = await get<Page_Found>("/search", { words: settled, limit: FOUND_MAX }, { signal });
    return { words: settled, items: page.items };
  });
  // Answers of what was typed before are not shown for what is typed now.
  return value.value?.words === words ? value.value.items : [];
}
