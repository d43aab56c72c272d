/**
 * Copying.
 *
 * Invariant: it says what happened; where a page may not reach the clipboard, as without TLS, it copies by selection.
 */
import { failed, say } from "../state/undo";

/** Copies a text, and says so. */
export async function copy(text: string, what = "Copied"): Promise<void> {
  try {
    if (navigator.clipboard !== undefined) await navigator.clipboard.writeText(text);
    else copyBySelection(text);
    say(what);
  } catch (error) {
    failed("It could not be copied", error);
  }
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
