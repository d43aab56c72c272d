/**
 * Panels, and what stands in them when there is nothing to show, nothing yet, or a failure.
 *
 * Invariant: a panel that fails leaves the rest of the page as it is.
 */
import { Component, type ComponentChildren, type JSX } from "preact";

import type { ApiError } from "../api/client";
import { asApiError } from "../api/resource";
import { Button, IconButton } from "./controls";
import { copy } from "./copy";
import { failed } from "../state/undo";

interface BoundaryState {
  error: ApiError | null;
}

/** Shows the failure of what is in it, in its place. */
export class Boundary extends Component<{ children?: ComponentChildren }, BoundaryState> {
  override state: BoundaryState = { error: null };

  override componentDidCatch(error: unknown): void {
    this.setState({ error: asApiError(error) });
  }

  override render(): ComponentChildren {
    const { error } = this.state;
    if (error === null) return this.props.children;
    return <Failure error={error} onRetry={() => this.setState({ error: null })} />;
  }
}

/** A part of a page with a title. */
export function Panel(props: { title: string; actions?: ComponentChildren; children?: ComponentChildren }): JSX.Element {
  return (
    <section class="panel" aria-label={props.title}>
      <header class="panel-head">
        <h2 class="cut" dir="auto">
          {props.title}
        </h2>
        {props.actions}
      </header>
      <div class="panel-body">
        <Boundary>{props.children}</Boundary>
      </div>
    </section>
  );
}

/** What went wrong, with what to do and what to tell who looks after the server. */
export function Failure(props: { error: ApiError; onRetry?: () => void }): JSX.Element {
  const { error } = props;
  const lines = [error.message, error.hint, `code ${error.code}`, error.requestId && `request ${error.requestId}`];
  return (
    <div class="failure" role="alert">
      <p class="failure-title" dir="auto">
        {error.message}
      </p>
      {error.hint && (
        <p class="name" dir="auto">
          {error.hint}
        </p>
      )}
      <p class="small soft mono name">
        {error.code}
        {error.requestId && ` · request ${error.requestId}`}
      </p>
      <div class="row">
        {props.onRetry && <Button onClick={props.onRetry}>Try again</Button>}
        <Button kind="quiet" onClick={() => void copy(lines.filter(Boolean).join("\n"))}>
          Copy
        </Button>
      </div>
    </div>
  );
}

/** The same where there is room for a word: a press tells all of it, and tries again. */
export function FailureMark(props: { what: string; error: ApiError; onRetry: () => void }): JSX.Element {
  const { what, error } = props;
  const request = error.requestId ? ` · request ${error.requestId}` : "";
  return (
    <button
      type="button"
      class="failure-mark"
      title={`${what} could not be loaded: ${error.message}\n${error.code}${request}\nPress to try again`}
      onClick={(event) => {
        event.stopPropagation();
        failed(`${what} could not be loaded`, error);
        props.onRetry();
      }}
    >
      {error.code}
      <span class="unseen">{`: ${what} could not be loaded${request}. Try again`}</span>
    </button>
  );
}

/** That there is nothing, and how that changes. */
export function Empty(props: { title: string; lines?: readonly Example[]; children?: ComponentChildren }): JSX.Element {
  return (
    <div class="empty">
      <h2>{props.title}</h2>
      {props.children}
      {props.lines?.map((line) => (
        <div key={line.text} class="empty-line">
          {line.title !== undefined && props.lines !== undefined && props.lines.length > 1 && <h3 class="small soft">{line.title}</h3>}
          <Copyable {...line} />
        </div>
      ))}
    </div>
  );
}

/** Lines to copy, with what they are. */
export interface Example {
  readonly title?: string;
  readonly text: string;
}

/** A text with a button that copies it. */
export function Copyable(props: Example): JSX.Element {
  return (
    <div class="copyable">
      <pre tabIndex={0} aria-label={props.title ?? "Lines to copy"}>
        <code>{props.text}</code>
      </pre>
      <IconButton icon="copy" label={props.title === undefined ? "Copy" : `Copy ${props.title}`} onClick={() => void copy(props.text)} />
    </div>
  );
}

const WIDTHS = ["100%", "84%", "92%", "68%", "76%"];

/** The place of lines that are on their way. */
export function Skeleton(props: { lines?: number }): JSX.Element {
  const lines = Array.from({ length: props.lines ?? 3 }, (_, index) => index);
  return (
    <div aria-busy="true" aria-label="Loading" role="status">
      <svg width="100%" height={lines.length * 24} aria-hidden="true">
        {lines.map((line) => (
          <rect key={line} y={line * 24 + 6} width={WIDTHS[line % WIDTHS.length]} height="12" rx="4" fill="var(--ground-hover)" />
        ))}
      </svg>
    </div>
  );
}
