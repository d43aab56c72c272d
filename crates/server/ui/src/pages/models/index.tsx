/**
 * Models of the store, and one of them.
 *
 * Invariant: what is shown is what the server tells, as of the moment that the page shows.
 */
import type { JSX } from "preact";

import type { PageProps } from "../../app";
import { ModelPage } from "./model-page";
import { ModelsPage } from "./models-page";

export default function Models(props: PageProps): JSX.Element {
  return props.id === "" ? <ModelsPage /> : <ModelPage key={props.id} id={props.id} />;
}
