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

// The page comes while the shell is drawn, and asks as soon as it is there; what goes wrong is told where it is waited for.
const first = pageAt(location.pathname);
first?.load().then(({ begin }) => begin?.(first.id), () => undefined);

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
