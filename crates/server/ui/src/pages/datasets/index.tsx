/**
 * Datasets of the store, and one of them.
 *
 * Invariant: what is shown is what the server tells, as of the moment that the page shows.
 */
import type { JSX } from "preact";

import type { PageProps } from "../../app";
import { DatasetPage } from "./dataset-page";
import { DatasetsPage } from "./datasets-page";

export default function Datasets(props: PageProps): JSX.Element {
  return props.id === "" ? <DatasetsPage /> : <DatasetPage key={props.id} id={props.id} />;
}
