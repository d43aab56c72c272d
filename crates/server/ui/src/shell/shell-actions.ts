/**
 * What can be done wherever one is.
 *
 * Invariant: each has its entry in the palette with its key and, where there is one, the command that does the same.
 */
import { isPaused, setPaused } from "../live/live";
import { useActions, type Action } from "../state/actions";
import { preferences } from "../state/preferences";
import { go } from "../state/url";
import { undoLast, lastDone } from "../state/undo";
import { isDark } from "../state/colours";
import { openHelp } from "./help";
import { PLACES } from "./navigation";
import { openPalette } from "./palette";

/** What the command line has of a page. */
const COMMANDS: Readonly<Record<string, string>> = {
  "/": "mltrack exp ls", "/artifacts": "mltrack artifact ls @last", "/datasets": "mltrack dataset ls", "/models": "mltrack model ls",
  "/lineage": "mltrack lineage @last", "/analytics": "mltrack stats", "/log": "mltrack log", "/settings": "mltrack config show",
};

function cliOf(path: string): { cli?: () => string } {
  const command = COMMANDS[path];
  return command === undefined ? {} : { cli: () => command };
}

const GOING: Action[] = PLACES.map(([path, title, keys]) => ({
  id: `go.${title.toLowerCase()}`,
  title: `Go to ${title}`,
  keys,
  ...cliOf(path),
  run: () => go(path),
}));

const SHELL: Action[] = [
  { id: "palette", title: "Search and commands", keys: "Mod+K", cli: () => "mltrack search WORDS", run: () => openPalette() },
  { id: "help", title: "Keys of this page", keys: "?", cli: () => "mltrack help", run: () => openHelp() },
  {
    id: "live.pause",
    title: "Pause or go on with live updates",
    keys: "Space",
    cli: () => "mltrack tail",
    run: () => setPaused(!isPaused.peek()),
  },
  {
    id: "undo",
    title: "Take back what was just done",
    keys: "u",
    cli: () => "mltrack undo",
    when: () => lastDone.peek()?.undo != null,
    run: undoLast,
  },
  {
    id: "theme",
    title: "Light or dark",
    run: () => preferences.theme.set(isDark.peek() ? "light" : "dark"),
  },
  {
    id: "density",
    title: "Dense or roomy",
    run: () => preferences.density.set(preferences.density.peek() === "compact" ? "normal" : "compact"),
  },
];

const NEWEST: Action = {
  id: "go.run",
  title: "Go to the newest run",
  keys: "g r",
  cli: () => "mltrack run show @last",
  run: () => go("/runs/@last"),
};

/** Offers them. */
export function useShellActions(): void {
  useActions([...SHELL, ...GOING, NEWEST]);
}
