/**
 * Signs, drawn as lines of the colour of the text around them.
 *
 * Invariant: a sign is never the only thing that says something: what it stands on has words.
 */
import type { JSX } from "preact";

const PATHS = {
  close: "M4 4l8 8M12 4l-8 8",
  copy: "M5.5 5.5v-3h8v8h-3M2.5 5.5h8v8h-8z",
  menu: "M2.5 4h11M2.5 8h11M2.5 12h11",
  search: "M7 2.5a4.5 4.5 0 110 9 4.5 4.5 0 010-9zM10.5 10.5l3 3",
  pause: "M5.5 3v10M10.5 3v10",
  play: "M4.5 2.5l8 5.5-8 5.5z",
  help: "M5.5 6a2.5 2.5 0 115 0c0 1.7-2.5 1.9-2.5 3.6M8 12.2v.3",
  settings: "M8 5.5a2.5 2.5 0 110 5 2.5 2.5 0 010-5zM8 1.5v2M8 12.5v2M1.5 8h2M12.5 8h2M3.4 3.4l1.4 1.4M11.2 11.2l1.4 1.4M3.4 12.6l1.4-1.4M11.2 4.8l1.4-1.4",
  retry: "M13 8a5 5 0 11-1.6-3.7M13 2v3h-3",
  more: "M3 8h.01M8 8h.01M13 8h.01",
  up: "M8 12.5v-9M4 7l4-4 4 4",
  down: "M8 3.5v9M4 9l4 4 4-4",
  left: "M10 3L5 8l5 5",
  right: "M6 3l5 5-5 5",
  link: "M6.5 9.5l3-3M7 4.5l1.6-1.6a3 3 0 014.3 4.3L11.5 8.8M9 11.5l-1.6 1.6a3 3 0 01-4.3-4.3L4.5 7.2",
  plus: "M8 3v10M3 8h10",
  check: "M3 8.5l3.5 3.5L13 4.5",
} as const;

export type IconName = keyof typeof PATHS;

/** A sign of 16 by 16. */
export function Icon(props: { name: IconName }): JSX.Element {
  return (
    <svg
      viewBox="0 0 16 16"
      width="16"
      height="16"
      fill="none"
      stroke="currentColor"
      stroke-width="1.6"
      stroke-linecap="round"
      stroke-linejoin="round"
      aria-hidden="true"
    >
      <path d={PATHS[props.name]} />
    </svg>
  );
}
