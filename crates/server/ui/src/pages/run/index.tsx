/**
 * A run.
 *
 * Invariant: what is shown is what the server tells, as of the moment that the page shows.
 */
import type { JSX } from "preact";

import type { PageProps } from "../../app";
import { RunPage } from "./page";

export default function Run(props: PageProps): JSX.Element {
  return <RunPage key={props.id} id={props.id} />;
}
