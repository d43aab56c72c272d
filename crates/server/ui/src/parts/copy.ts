/**
 * Copying.
 *
 * Invariant: it says what happened; where a page may not reach the clipboard, as without TLS, it copies by selection.
 */
import { failed, say } from "../state/undo";

/** Copies a text, and says so. */
export async function copy(text: string, what = "Copied"): Promise<void> {
  try {
    await write(text);
    say(what);
  } catch (error) {
    failed("It could not be copied", error);
  }
}

/** Puts a text into the clipboard. */
export async function write(text: string): Promise<void> {
  if (navigator.clipboard !== undefined) await navigator.clipboard.writeText(text);
  else copyBySelection(text);
}

function copyBySelection(text: string): void {
  const area = document.createElement("textarea");
  area.value = text;
  area.setAttribute("aria-hidden", "true");
  area.className = "unseen";
  document.body.append(area);
  area.select();
  const isCopied = document.execCommand("copy");
  area.remove();
  if (!isCopied) throw new Error("the browser does not allow it");
}
