/**
 * The tokens of a filter, as docs/search.md writes them.
 *
 * Invariants: every character belongs to one token or is a blank between two; nothing is refused here, so that a filter
 * can be worked on while it is being typed: what cannot be read is a token of the kind `odd`.
 */

export type TokenKind = "word" | "name" | "text" | "operator" | "open" | "close" | "comma" | "odd";

/** A token and where it stands, in UTF-16 units as the browser counts them. */
export interface Token {
  readonly kind: TokenKind;
  readonly text: string;
  readonly start: number;
  readonly end: number;
  /** Where a quote or a brace of it opens that is never closed; null when there is none. */
  readonly openAt: number | null;
}

const OPERATORS = new Set(["==", "!=", "<>", "<=", ">=", "=", "<", ">"]);
const QUOTES: Record<string, TokenKind> = { "'": "text", '"': "text" };
const SIGNS: Record<string, TokenKind> = { "(": "open", ")": "close", ",": "comma", ";": "odd" };
/** Blanks as the server takes them, which are not quite those of `\s`. */
const BLANK = /\p{White_Space}/u;

function isBlank(character: string): boolean {
  const code = character.charCodeAt(0);
  return code < 128 ? code === 32 || (code >= 9 && code <= 13) : BLANK.test(character);
}

/** The end of a part, and where it was opened if it never ends. */
type Ended = readonly [end: number, openAt: number | null];

/** The tokens of a text, in order. */
export function tokensOf(text: string): Token[] {
  const tokens: Token[] = [];
  let at = 0;
  while (at < text.length) {
    if (isBlank(text.charAt(at))) {
      at += 1;
      continue;
    }
    const token = tokenAt(text, at, tokens.at(-1));
    tokens.push(token);
    at = token.end;
  }
  return tokens;
}

function tokenAt(text: string, start: number, before: Token | undefined): Token {
  const first = text.charAt(start);
  const made = (kind: TokenKind, [end, openAt]: Ended): Token => ({ kind, text: text.slice(start, end), start, end, openAt });
  if (isShortParam(text, start, before)) return made("word", endOfWord(text, start + 1));
  const quoted = QUOTES[first];
  if (quoted !== undefined) return made(quoted, endOfQuoted(text, start));
  const sign = SIGNS[first];
  if (sign !== undefined) return made(sign, [start + 1, null]);
  if (isComparing(first)) {
    let end = start + 1;
    while (end < text.length && isComparing(text.charAt(end))) end += 1;
    return made(OPERATORS.has(text.slice(start, end)) ? "operator" : "odd", [end, null]);
  }
  return made(first === "`" ? "name" : "word", endOfWord(text, start));
}

function isComparing(character: string): boolean {
  return "=!<>~".includes(character);
}

/** Whether a word ends before this character. */
function isBreak(character: string): boolean {
  return "(),;'=!<>~".includes(character) || isBlank(character);
}

/** Whether an equals sign begins the short form of a param, `=lr`: where a column can stand, and with a name behind it. */
function isShortParam(text: string, at: number, before: Token | undefined): boolean {
  const next = text.charAt(at + 1);
  if (text.charAt(at) !== "=" || next === "" || next === '"' || isBreak(next)) return false;
  return before === undefined || before.kind === "open" || isWord(before, "and", "or", "not");
}

/** Behind the closing quote; a doubled one stands for itself. An open text goes to the end. */
function endOfQuoted(text: string, start: number): Ended {
  const quote = text.charAt(start);
  let at = start + 1;
  while (at < text.length) {
    if (text.charAt(at) !== quote) at += 1;
    else if (text.charAt(at + 1) === quote) at += 2;
    else return [at + 1, null];
  }
  return [text.length, start];
}

/** A word may hold quoted parts and a context: metrics.`my loss`.min, loss{subset=val}. */
function endOfWord(text: string, start: number): Ended {
  let at = start;
  while (at < text.length) {
    const here = text.charAt(at);
    if (here === "`" || here === '"') {
      const [end, openAt] = endOfQuoted(text, at);
      if (openAt !== null) return [end, openAt];
      at = end;
    } else if (here === "{") {
      const close = text.indexOf("}", at);
      if (close < 0) return [text.length, at];
      at = close + 1;
    } else if (isBreak(here)) {
      break;
    } else at += 1;
  }
  return [at, null];
}

/** Whether a token is one of these keywords, in any case. */
export function isWord(token: Token | undefined, ...words: readonly string[]): boolean {
  return token?.kind === "word" && words.includes(lower(token.text));
}

/** A text in lower case, of ASCII letters only: the server takes no other letter for one of a keyword. */
export function lower(text: string): string {
  return text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());
}

/** What a word says without the quotes around its parts; between braces quotes are themselves. */
export function plainWord(word: string): string {
  return word.replace(/\{[^}]*\}|`((?:[^`]|``)*)`|"((?:[^"]|"")*)"/g, (part, ticked?: string, quoted?: string) =>
    ticked?.replaceAll("``", "`") ?? quoted?.replaceAll('""', '"') ?? part,
  );
}

/** A column's name as a filter can hold it: what is no plain word is quoted by backticks, a part at a time. */
export function quotedColumn(column: string): string {
  const prefix = /^(metrics|params|tags|attributes)\.|^[=.]/.exec(column)?.[0] ?? "";
  const name = column.slice(prefix.length);
  if (/^[\p{L}\p{N}_./@:-]+(\{[^{}]*\})?$/u.test(name) && !isKeyword(name)) return column;
  const family = prefix === "=" ? "params." : prefix === "" ? "metrics." : prefix === "." ? "attributes." : prefix;
  return `${family}\`${name.replaceAll("`", "``")}\``;
}

/** An order by a column, as the interface takes it. */
export function quotedOrder(order: string): string {
  return order.startsWith("-") ? `-${quotedColumn(order.slice(1))}` : quotedColumn(order);
}

/** A text as a filter can hold it. */
export function quotedText(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

const KEYWORDS = new Set(["and", "or", "not", "in", "like", "ilike", "between", "is", "null", "dirty", "true", "false"]);

function isKeyword(word: string): boolean {
  return KEYWORDS.has(lower(word));
}
