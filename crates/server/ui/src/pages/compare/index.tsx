/**
 * Runs side by side.
 *
 * Invariant: which runs, which of them is the baseline and what is looked at are part of the address.
 */
import type { JSX } from "preact";

import { ComparePage } from "./page";

export default function Compare(): JSX.Element {
  return <ComparePage />;
}
