/**
 * Where the page begins.
 *
 * Invariant: what the server has drawn stays until the first page of the program is there.
 */
import { render } from "preact";

import "./style/tokens.css";
import "./style/base.css";
import { App, pageAt } from "./app";
import { startLive } from "./live/live";
import { followKeys } from "./state/actions";
import { followPreferences } from "./state/preferences";
import { followAddress } from "./state/url";
import { followLook } from "./shell/look";

// The page comes while the shell is drawn; what goes wrong with it is told where it is waited for.
pageAt(location.pathname)?.load().catch(() => undefined);

followLook();
followAddress();
followPreferences();
followKeys();
startLive();

const place = document.getElementById("app");
if (place !== null) {
  place.replaceChildren();
  render(<App />, place);
}
