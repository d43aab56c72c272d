/**
 * A check of the log under way: lines of JSON as they come.
 *
 * Invariant: a line that came in two pieces is one line.
 */
import { bytes } from "../../api/client";
import type { Verified, VerifyLine } from "../../api/types";

export type { Verified } from "../../api/types";

/** Lines that are complete, and the beginning of the next one. */
export function split(text: string): { lines: string[]; rest: string } {
  const lines = text.split("\n");
  const rest = lines.pop() ?? "";
  return { lines: lines.filter((line) => line.trim() !== ""), rest };
}

/** Checks the log; tells how far it is, and answers what was found. */
export async function verify(deep: boolean, tell: (done: number, total: number) => void, signal: AbortSignal): Promise<Verified> {
  const response = await bytes("/log/verify", { deep }, { signal, pinned: false });
  const reader = response.body?.getReader();
  const decoder = new TextDecoder();
  let rest = "";
  for (;;) {
    const { value, done } = (await reader?.read()) ?? { value: undefined, done: true };
    const found = split(rest + decoder.decode(value, { stream: !done }) + (done ? "\n" : ""));
    rest = found.rest;
    for (const text of found.lines) {
      const line = JSON.parse(text) as VerifyLine;
      if ("progress" in line) tell(line.progress.done, line.progress.total);
      else if ("report" in line) return line.report;
      else throw new Error(line.failed.error);
    }
    if (done) throw new Error("the check broke off; the server may have ended");
  }
}
