/**
 * The ways to the pages.
 *
 * Invariant: what is here leads somewhere; the page one is on says so to those who see and to those who hear it.
 */
import { signal } from "@preact/signals";
import type { JSX } from "preact";

import { IconButton } from "../parts";
import { href, place } from "../state/url";

export const PLACES = [
  ["/", "Experiments", "g e"],
  ["/compare", "Compare", "g c"],
  ["/artifacts", "Artifacts", "g a"],
  ["/datasets", "Datasets", "g d"],
  ["/models", "Models", "g m"],
  ["/lineage", "Lineage", "g l"],
  ["/analytics", "Analytics", "g n"],
  ["/log", "Log", "g o"],
  ["/settings", "Settings", "g s"],
] as const;

const isOpen = signal(false);

function isAt(target: string, path: string): boolean {
  if (target === "/") return path === "/" || path.startsWith("/experiments") || path.startsWith("/runs");
  return path === target || path.startsWith(`${target}/`);
}

export function Navigation(): JSX.Element {
  const { path } = place.value;
  return (
    <>
      <span class="shell-burger">
        <IconButton icon="menu" label="Pages" pressed={isOpen.value} onClick={() => (isOpen.value = !isOpen.value)} />
      </span>
      <nav class={isOpen.value ? "shell-nav shell-nav-open" : "shell-nav"} aria-label="Pages">
        {PLACES.map(([target, title]) => (
          <a
            key={target}
            href={href(target)}
            aria-current={isAt(target, path) ? "page" : undefined}
            onClick={() => (isOpen.value = false)}
          >
            {title}
          </a>
        ))}
      </nav>
    </>
  );
}
