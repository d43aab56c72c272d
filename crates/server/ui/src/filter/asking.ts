/**
 * When a filter that is being typed is asked, and when it is said what is wrong with it.
 *
 * Invariants: a filter that cannot be read is never asked, and the rows stay those of the one before it; nobody is told
 * of an error while still typing: a pause, Enter or leaving the box ends that.
 */
import { useEffect, useMemo, useRef, useState } from "preact/hooks";

import type { ErrorPlace } from "../api/types";
import type { Name } from "./complete";
import { kindsOf, verdictOf } from "./verdict";

/** How long nothing is typed before what is there is taken for what is meant. */
const PAUSE_MS = 600;

export interface Asking {
  /** What is wrong, for those who have stopped typing; null when nothing is. */
  readonly wrong: ErrorPlace | null;
  /** Somebody types. */
  type(text: string): void;
  /** Somebody has ended it. */
  end(text: string): void;
  /** What was typed is meant no longer. */
  forget(): void;
}

export function useAsking(names: readonly Name[], ask: (text: string, isWhole: boolean) => void): Asking {
  const known = useMemo(() => kindsOf(names), [names]);
  const newest = useRef({ known, ask });
  newest.current = { known, ask };
  const [wrong, setWrong] = useState<ErrorPlace | null>(null);
  const timer = useRef<ReturnType<typeof setTimeout> | null>(null);
  const stop = (): void => {
    if (timer.current !== null) clearTimeout(timer.current);
    timer.current = null;
  };
  useEffect(() => stop, []);
  const settle = (text: string, isWhole: boolean): void => {
    stop();
    const verdict = verdictOf(text, newest.current.known);
    setWrong(verdict.kind === "wrong" ? verdict.place : null);
    if (verdict.kind !== "wrong") newest.current.ask(text, isWhole);
  };
  const type = (text: string): void => {
    stop();
    setWrong(null);
    if (verdictOf(text, newest.current.known).kind === "ready") newest.current.ask(text, false);
    else timer.current = setTimeout(() => settle(text, false), PAUSE_MS);
  };
  return { wrong, type, end: (text) => settle(text, true), forget: stop };
}
