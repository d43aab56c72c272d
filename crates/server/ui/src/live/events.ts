/**
 * The event stream of the server, read by `fetch` so that the key goes along as a header.
 *
 * Invariant: every message is told once, in order; a stream that breaks off is an end with a reason, never silence.
 */
import { failure, headersOf } from "../api/client";

/** One message of a stream. */
export interface Message {
  readonly id: string | null;
  readonly event: string;
  readonly data: string;
}

/** Takes a stream of server-sent events apart. */
export class MessageReader {
  private rest = "";

  /** The messages that are whole with these characters. */
  take(text: string): Message[] {
    // A line may end with both letters; one at the very end of a piece waits for the next piece.
    const all = (this.rest + text).replace(/\r\n/g, "\n");
    const blocks = all.split("\n\n");
    this.rest = blocks.pop() ?? "";
    return blocks.map(messageOf).filter((message) => message !== null);
  }
}

function messageOf(block: string): Message | null {
  let [id, event]: [string | null, string] = [null, "message"];
  const data: string[] = [];
  for (const line of block.split("\n")) {
    const colon = line.indexOf(":");
    if (colon <= 0) continue;
    const value = line.slice(colon + 1).replace(/^ /, "");
    const field = line.slice(0, colon);
    if (field === "id") id = value;
    else if (field === "event") event = value;
    else if (field === "data") data.push(value);
  }
  return data.length === 0 ? null : { id, event, data: data.join("\n") };
}

/** What is done with a stream. */
export interface Listening {
  /** The last record that was seen; none to begin at the end. */
  readonly after: number | null;
  readonly signal: AbortSignal;
  onMessage(message: Message): void;
  /** Bytes came, be it only the comment that keeps the stream open. */
  onBytes(): void;
}

/** Reads the stream until it ends or `signal` aborts it. */
export async function listen(listening: Listening): Promise<void> {
  const headers = headersOf({ accept: "text/event-stream" });
  if (listening.after !== null) headers["last-event-id"] = String(listening.after);
  const response = await fetch("/api/v1/events?merge=250ms", {
    headers,
    signal: listening.signal,
    cache: "no-store",
    credentials: "omit",
  });
  if (!response.ok) throw await failure(response);
  if (response.body === null) throw new Error("the stream has no body");
  const [reader, decoder, messages] = [response.body.getReader(), new TextDecoder(), new MessageReader()];
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    listening.onBytes();
    for (const message of messages.take(decoder.decode(value, { stream: true }))) listening.onMessage(message);
  }
}
