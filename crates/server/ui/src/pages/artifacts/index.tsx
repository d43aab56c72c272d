/**
 * Artifacts of the store, and one of them.
 *
 * Invariant: what is shown is what the server tells, as of the moment that the page shows.
 */
import type { JSX } from "preact";

import type { PageProps } from "../../app";
import { ArtifactPage } from "./artifact-page";
import { ArtifactsPage } from "./artifacts-page";

export default function Artifacts(props: PageProps): JSX.Element {
  return props.id === "" ? <ArtifactsPage /> : <ArtifactPage key={props.id} id={props.id} />;
}
