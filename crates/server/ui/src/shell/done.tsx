/**
 * The bar that says what was just done and takes it back.
 *
 * Invariant: it is above everything and never takes the focus.
 */
import type { JSX } from "preact";

import { Button, Failure, IconButton, Keys } from "../parts";
import { dismiss, failed, lastDone, undoLast } from "../state/undo";

export function DoneBar(): JSX.Element {
  const done = lastDone.value;
  return (
    <div class="shell-done" role="status" aria-live="polite">
      {done !== null && (
        <div class="shell-done-bar">
          <span class="name">{done.text}</span>
          {done.error !== null && <Failure error={done.error} />}
          {done.act !== undefined && (
            <Button kind="quiet" onClick={done.act[1]}>
              {done.act[0]}
            </Button>
          )}
          {done.undo !== null && (
            <Button kind="quiet" onClick={() => void undoLast().catch((error: unknown) => failed("It could not be taken back", error))}>
              Undo <Keys keys="u" />
            </Button>
          )}
          <IconButton icon="close" label="Dismiss" onClick={dismiss} />
        </div>
      )}
    </div>
  );
}
