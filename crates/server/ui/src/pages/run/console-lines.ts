/**
 * The lines of a run's console, loaded page by page in both directions from where somebody looks.
 *
 * Invariants: every line is in the list once and in the order it was logged; lines that are put in front are counted, so
 * that what is seen stays where it is; while the end is followed, no more are kept than somebody scrolls back through, and
 * older ones are asked for again.
 */
import { get } from "../../api/client";
import type { Line, Lines } from "../../api/types";

export interface Question {
  readonly run: string;
  readonly grep: string;
  readonly level: string;
  readonly source: string;
}

export interface Loaded {
  readonly lines: readonly Line[];
  /** How many were put in front since the beginning, less those that were let go of there. */
  readonly shift: number;
  readonly isAtStart: boolean;
  readonly isAtEnd: boolean;
}

const PAGE = 500;
/** The lines that are kept while the end is followed, and by how many more it is let go of them. */
const FOLLOWED_MAX = 20_000;
const SLACK = 2_000;

export const NONE: Loaded = { lines: [], shift: 0, isAtStart: true, isAtEnd: true };

function placeOf(line: Pick<Line, "lsn" | "index">): string {
  return `${line.lsn}.${line.index}`;
}

/** A line as the address names it. */
export const lineName = placeOf;

/** What asks for what is before an answer. */
function behind({ next }: Pick<Lines, "next">): { cursor: string } | null {
  return next == null ? null : { cursor: next };
}

/** The lines of a question, around its end or around one line. */
export class ConsoleLines {
  private lines: Line[] = [];
  /** What asks for the lines before the first; null when there are none. */
  private older: Record<string, string | number> | null = null;
  private newer: string | null = null;
  private shift = 0;
  private isBusy = false;
  private readonly abort = new AbortController();

  constructor(
    private readonly question: Question,
    private readonly tell: (loaded: Loaded) => void,
  ) {}

  stop(): void {
    this.abort.abort();
  }

  private ask(query: Record<string, string | number | boolean>): Promise<Lines> {
    const { run, grep, level, source } = this.question;
    const all = { limit: PAGE, grep: grep || null, level: level || null, source: source || null, ...query };
    return get<Lines>(`/runs/${encodeURIComponent(run)}/console`, all, { signal: this.abort.signal });
  }

  private said(): void {
    this.tell({ lines: this.lines, shift: this.shift, isAtStart: this.older === null, isAtEnd: this.newer === null });
  }

  /** The newest lines. */
  async end(): Promise<void> {
    const answer = await this.ask({ newest: true });
    this.lines = answer.items;
    this.older = behind(answer);
    this.newer = null;
    this.said();
  }

  /** The lines around one: those of its record and later, and those before it. */
  async around(lsn: number): Promise<void> {
    const [after, before] = await Promise.all([
      this.ask({ from: lsn }),
      lsn > 1 ? this.ask({ newest: true, at: lsn - 1 }) : Promise.resolve({ items: [], next: null, lsn: 0 } satisfies Lines),
    ]);
    this.lines = [...before.items, ...after.items];
    this.older = behind(before);
    this.newer = after.next ?? null;
    this.said();
  }

  /** Older lines, when there are some. */
  async more(): Promise<void> {
    if (this.older === null || this.isBusy) return;
    await this.busily(async () => {
      const answer = await this.ask({ newest: true, ...this.older });
      this.older = behind(answer);
      this.lines = [...answer.items, ...this.lines];
      this.shift += answer.items.length;
    });
  }

  /** Newer lines of those that were there when somebody jumped in, or what was logged since; who follows them lets go of old ones. */
  async next(isFollowed = false): Promise<void> {
    if (this.isBusy) return;
    await this.busily(async () => {
      const last = this.lines[this.lines.length - 1];
      const isOpen = this.newer !== null;
      const answer = await this.ask(isOpen ? { cursor: this.newer ?? "" } : last ? { from: last.lsn } : {});
      const known = last ? answer.items.findIndex((line) => placeOf(line) === placeOf(last)) : -1;
      const fresh = answer.items.slice(isOpen ? 0 : known + 1);
      this.newer = answer.next ?? null;
      if (fresh.length > 0) this.lines = [...this.lines, ...fresh];
      if (isFollowed && this.lines.length > FOLLOWED_MAX + SLACK) this.letGo(this.lines.length - FOLLOWED_MAX);
    });
  }

  /** Lets go of the oldest lines, of whole records: their neighbours before are asked for by the record. */
  private letGo(count: number): void {
    let cut = count;
    while (cut > 0 && this.lines[cut - 1]?.lsn === this.lines[cut]?.lsn) cut -= 1;
    const first = this.lines[cut];
    if (cut === 0 || first === undefined) return;
    this.lines = this.lines.slice(cut);
    this.shift -= cut;
    this.older = { at: first.lsn - 1 };
  }

  private async busily(work: () => Promise<void>): Promise<void> {
    this.isBusy = true;
    try {
      await work();
      this.said();
    } finally {
      this.isBusy = false;
    }
  }
}
