/**
 * What is around every page: header, navigation, banners, the bar of what was done, palette and help.
 *
 * Invariant: nothing here is drawn anew by a tick of the live stream; what changes reads its own signal.
 */
import type { ComponentChildren, JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";

import "./shell.css";
import { key, keyTrouble } from "../api/key";
import { Announcer, Icon, IconButton, Keys } from "../parts";
import { place } from "../state/url";
import { Banners } from "./banners";
import { LiveBadge } from "./badge";
import { DoneBar } from "./done";
import { Help, openHelp } from "./help";
import { KeyForm } from "./key-form";
import { Navigation } from "./navigation";
import { openPalette, Palette } from "./palette";
import { PinnedBar } from "./pinned";
import { followStore } from "./store";
import { useShellActions } from "./shell-actions";

export function Shell(props: { children: ComponentChildren }): JSX.Element {
  useEffect(followStore, []);
  useShellActions();
  const isRefused = keyTrouble.value !== null;
  return (
    <div class="shell">
      <a class="shell-skip" href="#main">
        Skip to the page
      </a>
      <Header />
      <PinnedBar />
      <Banners />
      <Main key={key.value ?? ""}>{isRefused ? <KeyForm /> : props.children}</Main>
      <DoneBar />
      <Palette />
      <Help />
      <Announcer />
    </div>
  );
}

function Header(): JSX.Element {
  return (
    <header class="shell-head">
      <a class="shell-brand" href="/">
        mltrack
      </a>
      <Navigation />
      <button type="button" class="shell-search" onClick={() => openPalette()}>
        <Icon name="search" />
        <span>Search or do</span>
        <Keys keys="Mod+k" />
      </button>
      <LiveBadge />
      <IconButton icon="help" label="Keys of this page" onClick={() => openHelp()} />
    </header>
  );
}

function Main(props: { children: ComponentChildren }): JSX.Element {
  const element = useRef<HTMLElement>(null);
  const isFirst = useRef(true);
  const { path } = place.value;
  useEffect(() => {
    // Who goes to another page begins to read at its top; the first page leaves the focus alone.
    if (!isFirst.current) {
      element.current?.focus({ preventScroll: true });
      scrollTo(0, 0);
    }
    isFirst.current = false;
  }, [path]);
  return (
    <main id="main" class="shell-main" ref={element} tabIndex={-1}>
      {props.children}
    </main>
  );
}
