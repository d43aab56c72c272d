/**
 * Which runs are counted, as the server takes it.
 *
 * Invariant: the figures, the calendar and the lists of runs are of the same runs.
 */
import { pinnedAt } from "../../state/url";
import { quoted } from "./figures";
import * as state from "./state";

export interface RunsQuestion {
  experiment?: string[];
  filter?: string[];
  state?: string[];
  at?: string;
}

/** The runs that the address admits. */
export function questionOf(): RunsQuestion {
  const [user, host] = [state.user.signal.value, state.host.signal.value];
  const filter = [
    ...(user === "" ? [] : [`attributes.user = ${quoted(user)}`]),
    ...(host === "" ? [] : [`attributes.host = ${quoted(host)}`]),
  ];
  const [experiment, runState, at] = [state.experiment.signal.value, state.state.signal.value, pinnedAt.value];
  return {
    ...(experiment === "" ? {} : { experiment: [experiment] }),
    ...(filter.length === 0 ? {} : { filter }),
    ...(runState === "" ? {} : { state: [runState] }),
    ...(at === null ? {} : { at }),
  };
}
