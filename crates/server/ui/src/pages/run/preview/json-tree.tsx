/**
 * JSON as a tree whose parts open on demand.
 *
 * Invariant: only what is open is in the document, and of a long list no more than a hundred at a time.
 */
import type { JSX } from "preact";
import { useState } from "preact/hooks";

const STEP = 100;

function preview(value: unknown): string {
  if (Array.isArray(value)) return `[${value.length}]`;
  return `{${Object.keys(value as object).length}}`;
}

function Leaf(props: { readonly value: unknown }): JSX.Element {
  const { value } = props;
  const kind = value === null ? "null" : typeof value;
  const text = typeof value === "string" ? JSON.stringify(value) : String(value);
  return (
    <span class={`preview-json-${kind}`} dir="auto">
      {text}
    </span>
  );
}

export function JsonTree(props: { readonly value: unknown; readonly name?: string; readonly depth?: number }): JSX.Element {
  const { value, name, depth = 0 } = props;
  const isBranch = typeof value === "object" && value !== null;
  const [isOpen, setOpen] = useState(depth < 2);
  const [count, setCount] = useState(STEP);
  const label = name === undefined ? null : <bdi class="preview-json-key">{name}</bdi>;
  if (!isBranch) {
    return (
      <div class="preview-json-row">
        <span class="preview-json-turn" />
        {label}
        {label && ": "}
        <Leaf value={value} />
      </div>
    );
  }
  const entries = isOpen ? Object.entries(value).slice(0, count) : [];
  const total = Array.isArray(value) ? value.length : Object.keys(value).length;
  return (
    <div class="preview-json">
      <button type="button" class="preview-json-row preview-json-branch" aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>
        <span class="preview-json-turn" aria-hidden="true">
          {isOpen ? "▾" : "▸"}
        </span>
        {label}
        {label && ": "}
        <span class="preview-json-count">{preview(value)}</span>
      </button>
      {isOpen && (
        <div class="preview-json-children">
          {entries.map(([key, child]) => (
            <JsonTree key={key} name={key} value={child} depth={depth + 1} />
          ))}
          {total > count && (
            <button type="button" class="preview-json-more" onClick={() => setCount(count + STEP)}>
              {total - count} more
            </button>
          )}
        </div>
      )}
    </div>
  );
}
