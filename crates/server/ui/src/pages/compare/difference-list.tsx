/**
 * Two texts line by line: what is in one of them only, with what is around it; the rest opens on demand.
 *
 * Invariant: texts are compared by what `asCompared` makes of their lines and shown as they are.
 */
import type { JSX } from "preact";
import { useMemo, useState } from "preact/hooks";

import { counted } from "../../parts";
import { LineList } from "../run/parts/line-list";
import { DifferenceLine } from "../run/preview/patch-view";
import { differenceOf, folded, type DifferenceRow, type Fold } from "../run/text/difference";

interface Props {
  readonly label: string;
  readonly left: readonly string[];
  readonly right: readonly string[];
  readonly asCompared?: (line: string) => string;
}

const same = (line: string): string => line;

export function DifferenceList(props: Props): JSX.Element {
  const { left, right, asCompared = same } = props;
  const [opened, setOpened] = useState<ReadonlySet<Fold>>(new Set());
  const parts = useMemo(() => folded(differenceOf(left.map(asCompared), right.map(asCompared))), [left, right, asCompared]);
  const rows = useMemo(() => parts.flatMap((part): (DifferenceRow | Fold)[] => (part.kind === "fold" && opened.has(part) ? [...part.rows] : [part])), [parts, opened]);
  const added = parts.filter((part) => part.kind === "added").length;
  const removed = parts.filter((part) => part.kind === "removed").length;
  if (added + removed === 0) return <p class="compare-same">They are the same: {counted(left.length, "line")}.</p>;
  const textOf = (row: DifferenceRow): string => (row.left !== null ? left[row.left - 1] : right[(row.right ?? 1) - 1]) ?? row.text;
  return (
    <div>
      <p class="preview-facts">
        <span class="preview-added">+{added}</span> <span class="preview-removed">−{removed}</span> lines
      </p>
      <LineList
        label={props.label}
        count={rows.length}
        height={20}
        rowsMax={32}
        render={(at) => {
          const row = rows[at];
          if (!row) return null;
          if (row.kind === "fold") {
            return (
              <button type="button" class="preview-file compare-fold" onClick={() => setOpened(new Set([...opened, row]))}>
                ⋯ {counted(row.rows.length, "equal line")}
              </button>
            );
          }
          return <DifferenceLine kind={row.kind === "equal" ? "context" : row.kind} before={row.left} after={row.right} text={textOf(row).slice(0, 5_000)} />;
        }}
      />
    </div>
  );
}
