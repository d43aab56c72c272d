/**
 * What a user prefers.
 *
 * Invariant: a choice counts at once, in every tab, and says where it is kept.
 */
import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";

import "./settings.css";
import { dropKey, key } from "../../api/key";
import { Badge, Button, Panel, Select, timeText, TextField } from "../../parts";
import { COLOUR_NAMES, palette } from "../../state/colours";
import { isTimeZone, keptBy, preferences, type Density, type Theme } from "../../state/preferences";
import { href } from "../../state/url";
import { KeyTable } from "./key-table";

const THEMES: readonly (readonly [Theme, string])[] = [
  ["system", "As the system"],
  ["light", "Light"],
  ["dark", "Dark"],
];
const DENSITIES: readonly (readonly [Density, string])[] = [
  ["normal", "Roomy"],
  ["compact", "Dense"],
];

export default function Settings(): JSX.Element {
  return (
    <div class="page settings">
      <header class="page-head">
        <h1>Settings</h1>
        <Badge tone={keptBy.value === "server" ? "good" : "plain"}>
          {keptBy.value === "server" ? "Kept on the server" : "Kept in this browser"}
        </Badge>
      </header>
      <Panel title="Looks">
        <div class="settings-row">
          <Select label="Theme" value={preferences.theme.value} options={THEMES} onChange={preferences.theme.set} />
          <Select label="Density" value={preferences.density.value} options={DENSITIES} onChange={preferences.density.set} />
          <TimeZone />
        </div>
      </Panel>
      <Panel title="Colours of runs">
        <Colours />
      </Panel>
      <Panel title="Columns">
        <Columns />
      </Panel>
      <Panel title="Keys">
        <KeyTable />
      </Panel>
      {key.value !== null && (
        <Panel title="Access">
          <p class="row">
            This browser shows a key to the server. <Button onClick={dropKey}>Forget it</Button>
          </p>
        </Panel>
      )}
    </div>
  );
}

function TimeZone(): JSX.Element {
  const current = preferences.timeZone.value;
  const [typed, setTyped] = useState(current);
  // Another tab, or the server, has chosen another one.
  useEffect(() => setTyped(current), [current]);
  const isGood = isTimeZone(typed);
  return (
    <div>
      <TextField
        label="Time zone"
        value={typed}
        placeholder="local, UTC or Europe/Berlin"
        describedBy="settings-zone"
        isInvalid={!isGood}
        onInput={(text) => {
          setTyped(text);
          if (isTimeZone(text)) preferences.timeZone.set(text);
        }}
      />
      <p id="settings-zone" class="small soft">
        {isGood ? `Now: ${timeText(Date.now())}` : "That is no time zone: local, UTC, or a name such as Europe/Berlin"}
      </p>
    </div>
  );
}

function Colours(): JSX.Element {
  const chosen = Object.entries(preferences.colours.value);
  const colours = palette();
  return (
    <>
      <ul class="settings-colours" aria-label="The palette">
        {COLOUR_NAMES.map((name, place) => (
          <li key={name}>
            <svg width="16" height="16" aria-hidden="true">
              <rect width="16" height="16" rx="4" fill={colours[place]} />
            </svg>
            {name}
          </li>
        ))}
      </ul>
      <p class="small soft">A run's colour comes from its id, with a dash and a marker of its own. Choose another one on the run's page.</p>
      {chosen.length > 0 && (
        <p class="row">
          {chosen.length} chosen by you. <Button onClick={() => preferences.colours.set({})}>Forget them</Button>
        </p>
      )}
    </>
  );
}

function Columns(): JSX.Element {
  const chosen = Object.entries(preferences.columns.value);
  if (chosen.length === 0) return <p class="small soft">You have chosen no columns: the table of an experiment opens with those that differ, until you choose others there.</p>;
  return (
    <ul class="settings-columns">
      {chosen.map(([scope, columns]) => (
        <li key={scope} class="row">
          <a href={href(`/experiments/${encodeURIComponent(scope)}`)}>experiment {scope}</a>
          <span class="soft name">{columns.join(", ").slice(0, 400)}</span>
          <Button
            title={`Forget the columns of experiment ${scope}`}
            onClick={() => {
              const { [scope]: _, ...rest } = preferences.columns.peek();
              preferences.columns.set(rest);
            }}
          >
            Forget
          </Button>
        </li>
      ))}
    </ul>
  );
}
