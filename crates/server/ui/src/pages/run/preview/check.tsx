/**
 * Whether stored bytes are what the log says: the last answer, how far a check is, and a way to ask again.
 *
 * Invariants: what was not checked is not called right; a check that goes on without an answer is followed to its end;
 * damage says what it is and which command repairs it.
 */
import type { ComponentChildren, JSX } from "preact";
import { useEffect, useState } from "preact/hooks";

import { get, post, type ApiError } from "../../../api/client";
import { asApiError, useResource } from "../../../api/resource";
import type { ArtifactChecked, CheckProgress, LastCheck } from "../../../api/types";
import { Badge, Button, bytesText, counted, Failure, Time } from "../../../parts";

const LOOK_MS = 700;

interface Props {
  /** Where it is asked for, below the interface. */
  readonly path: string;
  /** The command that repairs, as it is told of damage. */
  readonly repair: ComponentChildren;
}

export function Check(props: Props): JSX.Element {
  const { path } = props;
  const last = useResource<LastCheck>(path, (signal) => get<LastCheck>(path, {}, { signal, pinned: false }));
  const [isAsked, setAsked] = useState(false);
  const [error, setError] = useState<ApiError | null>(null);
  const result = last.value.value?.last ?? null;
  const running = last.value.value?.running ?? null;
  const isBusy = isAsked || running !== null;
  useEffect(() => {
    if (!isBusy) return undefined;
    const timer = setInterval(last.reload, LOOK_MS);
    return () => clearInterval(timer);
  }, [isBusy, last.reload]);
  const verify = (): void => {
    setAsked(true);
    setError(null);
    post<ArtifactChecked>(path, {})
      .catch((failure: unknown) => {
        const told = asApiError(failure);
        // The answer took too long, and the check goes on.
        if (told.status !== 504) setError(told);
      })
      .finally(() => {
        setAsked(false);
        last.reload();
      });
  };
  return (
    <div class="preview-check" role="status">
      {result?.sound === true && <Badge tone="good">✓ intact</Badge>}
      {result?.sound === false && <Badge tone="bad">✗ damaged</Badge>}
      {result ? (
        <span class="soft small">
          {result.files > 1 && `${counted(result.files, "file")}, `}
          {bytesText(result.bytes)} read and hashed <Time time={result.checked} />
        </span>
      ) : (
        last.error.value === undefined && <span class="soft small">Not checked since the server was started.</span>
      )}
      <Button kind="quiet" disabled={isBusy} onClick={verify}>
        {isBusy ? "Verifying…" : "Verify"}
      </Button>
      {running !== null && running.total > 0 && <HowFar running={running} />}
      {error && <Failure error={error} onRetry={verify} />}
      {last.error.value && <Failure error={last.error.value} onRetry={last.reload} />}
      {result?.sound === false && <Damages result={result} repair={props.repair} />}
    </div>
  );
}

function HowFar(props: { readonly running: CheckProgress }): JSX.Element {
  const { done, total } = props.running;
  return (
    <span class="soft small">
      <progress max={total} value={done} aria-label="How far the check is" /> {bytesText(done)} of {bytesText(total)}
    </span>
  );
}

function Damages(props: { readonly result: ArtifactChecked; readonly repair: ComponentChildren }): JSX.Element {
  const { result } = props;
  const more = result.damages_total - result.damages.length;
  return (
    <div class="preview-damage">
      {result.damages.map((damage) => (
        <p key={damage} class="name" dir="auto">
          {damage}
        </p>
      ))}
      {more > 0 && <p>and {counted(more, "more damage")}</p>}
      <p>Nothing else is affected. {props.repair}</p>
    </div>
  );
}
