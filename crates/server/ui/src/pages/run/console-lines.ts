/**
 * The lines of a run's console, loaded page by page in both directions from where somebody looks.
 *
 * Invariants: every line is in the list once and in the order it was logged; lines that are put in front are counted, so
 * that what is seen stays where it is.
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
  /** How many were put in front since the beginning. */
  readonly shift: number;
  readonly isAtStart: boolean;
  readonly isAtEnd: boolean;
}

const PAGE = 500;

export const NONE: Loaded = { lines: [], shift: 0, isAtStart: true, isAtEnd: true };

function placeOf(line: Pick<Line, "lsn" | "index">): string {
  return `${line.lsn}.${line.index}`;
}

/** A line as the address names it. */
export const lineName = placeOf;

/** The lines of a question, around its end or around one line. */
export class ConsoleLines {
  private lines: Line[] = [];
  private older: string | null = null;
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
    this.older = answer.next ?? null;
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
    this.older = before.next ?? null;
    this.newer = after.next ?? null;
    this.said();
  }

  /** Older lines, when there are some. */
  async more(): Promise<void> {
    if (this.older === null || this.isBusy) return;
    await this.busily(async () => {
      const answer = await this.ask({ newest: true, cursor: this.older ?? "" });
      this.older = answer.next ?? null;
      this.lines = [...answer.items, ...this.lines];
      this.shift += answer.items.length;
    });
  }

  /** Newer lines of those that were there when somebody jumped in, or what was logged since. */
  async next(): Promise<void> {
    if (this.isBusy) return;
    await this.busily(async () => {
      const last = this.lines[this.lines.length - 1];
      const isOpen = this.newer !== null;
      const answer = await this.ask(isOpen ? { cursor: this.newer ?? "" } : last ? { from: last.lsn } : {});
      const known = last ? answer.items.findIndex((line) => placeOf(line) === placeOf(last)) : -1;
      const fresh = answer.items.slice(isOpen ? 0 : known + 1);
      this.newer = answer.next ?? null;
      if (fresh.length > 0) this.lines = [...this.lines, ...fresh];
    });
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
