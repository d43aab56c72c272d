/**
 * Taking something along in one of its forms, however long it takes to load.
 *
 * Invariants: what is copied is whole, or how much of it is said with a way to have all; what takes long tells how far it
 * is and can be given up; whoever gives up copies nothing.
 */
import { failed, offer, say } from "../state/undo";
import { write } from "./copy";
import { counted, grouped } from "./number";

/** How what loads a form tells how far it is. */
export interface Taking {
  readonly signal: AbortSignal;
  told(count: number, total: number): void;
}

/** A form with the rows that are in it. */
export interface Taken {
  readonly text: string;
  readonly rows: number;
  /** How many there are; more than `rows` when some were left out. */
  readonly of: number;
  /** Makes the form of all of them. */
  readonly all?: (taking: Taking) => Taken | Promise<Taken>;
}

/** A form: a text, or what makes one when it is chosen. */
export type Form = string | ((taking: Taking) => string | Taken | Promise<string | Taken>);

/** Copies a form, and says what was copied. */
export async function take(title: string, form: Form): Promise<void> {
  const abort = new AbortController();
  const cancel = (): void => {
    abort.abort();
    say("Nothing was copied");
  };
  const told = (count: number, total: number): void => {
    if (!abort.signal.aborted) offer(`${title}: ${grouped(count)} of ${counted(total, "row")} loaded`, "Cancel", cancel);
  };
  try {
    const made = typeof form === "string" ? form : await form({ signal: abort.signal, told });
    if (!abort.signal.aborted) await put(title, made);
  } catch (error) {
    if (!abort.signal.aborted) failed("It could not be copied", error);
  }
}

async function put(title: string, made: string | Taken): Promise<void> {
  const text = typeof made === "string" ? made : made.text;
  try {
    await write(text);
  } catch (error) {
    if (typeof made === "string") throw error;
    // A browser lets a page copy only shortly after a press, and loading took longer: another press does it.
    return offer(`${title}: ${counted(made.rows, "row")} loaded`, "Copy", () => void write(text).then(() => tell(title, made), (reason: unknown) => failed("It could not be copied", reason)));
  }
  tell(title, made);
}

/** Says what was copied. */
function tell(title: string, made: string | Taken): void {
  if (typeof made === "string") return say(`${title} copied`);
  const { rows, of, all } = made;
  if (rows >= of || all === undefined) return say(`${title} copied: ${rows < of ? `${grouped(rows)} of ${counted(of, "row")}` : counted(rows, "row")}`);
  offer(`${title} copied: ${grouped(rows)} of ${counted(of, "row")}`, `Copy all ${grouped(of)}`, () => void take(title, all));
}
