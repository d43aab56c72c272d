/**
 * The shortest way from one list of lines to another (Myers), for consoles and patches of two runs.
 * Invariant: the rows read on the left are the left text and on the right the right one; work is bounded, and beyond the
 * bound the rest is told as replaced instead of taking seconds.
 */

export interface DifferenceRow {
  readonly kind: "equal" | "removed" | "added";
  /** The number of the line on the left, from 1. */
  readonly left: number | null;
  readonly right: number | null;
  readonly text: string;
}

export interface Fold {
  readonly kind: "fold";
  readonly rows: readonly DifferenceRow[];
}

/** So many insertions and removals are looked for at most before the rest counts as replaced. */
const EDITS_MAX = 1500;

/** For each number of edits the furthest place on each diagonal, or null when the bound is reached. */
function walk(left: readonly string[], right: readonly string[]): readonly Int32Array[] | null {
  const max = Math.min(left.length + right.length, EDITS_MAX);
  const trace: Int32Array[] = [];
  let furthest = new Int32Array(3);
  for (let edits = 0; edits <= max; edits += 1) {
    const next = new Int32Array(2 * edits + 5);
    const was = (diagonal: number): number => furthest[diagonal + edits + 1] ?? 0;
    for (let diagonal = -edits; diagonal <= edits; diagonal += 2) {
      const isDown = diagonal === -edits || (diagonal !== edits && was(diagonal - 1) < was(diagonal + 1));
      let x = edits === 0 ? 0 : isDown ? was(diagonal + 1) : was(diagonal - 1) + 1;
      let y = x - diagonal;
      while (x < left.length && y < right.length && left[x] === right[y]) {
        x += 1;
        y += 1;
      }
      next[diagonal + edits + 2] = x;
      if (x >= left.length && y >= right.length) {
        trace.push(next);
        return trace;
      }
    }
    trace.push(next);
    furthest = next;
  }
  return null;
}

/** The rows of a walk, from its end to its beginning and then turned around. */
function rowsOf(left: readonly string[], right: readonly string[], trace: readonly Int32Array[]): DifferenceRow[] {
  const rows: DifferenceRow[] = [];
  let x = left.length;
  let y = right.length;
  const equal = (): void => {
    x -= 1;
    y -= 1;
    rows.push({ kind: "equal", left: x + 1, right: y + 1, text: left[x] ?? "" });
  };
  for (let edits = trace.length - 1; edits > 0; edits -= 1) {
    const before = trace[edits - 1] ?? new Int32Array(0);
    const was = (diagonal: number): number => before[diagonal + edits + 1] ?? 0;
    const diagonal = x - y;
    const isDown = diagonal === -edits || (diagonal !== edits && was(diagonal - 1) < was(diagonal + 1));
    const fromX = isDown ? was(diagonal + 1) : was(diagonal - 1);
    const fromY = fromX - (isDown ? diagonal + 1 : diagonal - 1);
    while (x > fromX && y > fromY) equal();
    if (isDown) rows.push({ kind: "added", left: null, right: fromY + 1, text: right[fromY] ?? "" });
    else rows.push({ kind: "removed", left: fromX + 1, right: null, text: left[fromX] ?? "" });
    x = fromX;
    y = fromY;
  }
  while (x > 0 && y > 0) equal();
  return rows.reverse();
}

function replaced(left: readonly string[], right: readonly string[]): DifferenceRow[] {
  const gone = left.map((text, at): DifferenceRow => ({ kind: "removed", left: at + 1, right: null, text }));
  const come = right.map((text, at): DifferenceRow => ({ kind: "added", left: null, right: at + 1, text }));
  return gone.concat(come);
}

/** Every line of both, in order. */
export function differenceOf(left: readonly string[], right: readonly string[]): readonly DifferenceRow[] {
  let head = 0;
  while (head < left.length && head < right.length && left[head] === right[head]) head += 1;
  let tail = 0;
  while (tail < left.length - head && tail < right.length - head && left[left.length - 1 - tail] === right[right.length - 1 - tail]) tail += 1;
  const middleLeft = left.slice(head, left.length - tail);
  const middleRight = right.slice(head, right.length - tail);
  const trace = walk(middleLeft, middleRight);
  const middle = trace ? rowsOf(middleLeft, middleRight, trace) : replaced(middleLeft, middleRight);
  const rows: DifferenceRow[] = left.slice(0, head).map((text, at) => ({ kind: "equal", left: at + 1, right: at + 1, text }));
  for (const row of middle) {
    rows.push({ ...row, left: row.left === null ? null : row.left + head, right: row.right === null ? null : row.right + head });
  }
  for (let at = tail; at > 0; at -= 1) {
    rows.push({ kind: "equal", left: left.length - at + 1, right: right.length - at + 1, text: left[left.length - at] ?? "" });
  }
  return rows;
}

/** Equal lines further than `around` from a difference become one fold. */
export function folded(rows: readonly DifferenceRow[], around = 3): readonly (DifferenceRow | Fold)[] {
  const near = new Uint8Array(rows.length);
  rows.forEach((row, at) => {
    if (row.kind === "equal") return;
    near.fill(1, Math.max(0, at - around), Math.min(rows.length, at + around + 1));
  });
  const out: (DifferenceRow | Fold)[] = [];
  for (let at = 0; at < rows.length; ) {
    let end = at;
    while (end < rows.length && near[end] === 0) end += 1;
    if (end - at > 1) out.push({ kind: "fold", rows: rows.slice(at, end) });
    else if (end > at) out.push(rows[at] as DifferenceRow);
    if (end < rows.length) out.push(rows[end] as DifferenceRow);
    at = end + 1;
  }
  return out;
}
