/**
 * Reads filters as the server does, so that one that is no sentence yet is told of here and never asked.
 *
 * Invariants: the server refuses what is refused here, at the same place and in the same words; what only it can know,
 * such as whether a run has a name, is left to it. What nests is counted as there, so that no text is too deep.
 */
import type { ErrorPlace } from "../api/types";
import { isWord, plainWord, tokensOf, type Token } from "./lex";
import { attributeKind, operandOf, type Operand } from "./operand";

/** A column that is compared, and with what. */
export interface Comparison {
  readonly operand: Operand;
  readonly how: "values" | "pattern" | "presence";
  readonly isList: boolean;
  readonly values: readonly string[];
}

/** What a filter says. */
export interface Sentence {
  readonly comparisons: readonly Comparison[];
  /** Words that are looked for, with where each ends. */
  readonly words: readonly { readonly text: string; readonly end: number }[];
}

const DEPTH_MAX = 64;
const KEYWORDS = ["and", "or", "not", "in", "is", "like", "ilike", "between", "null"];
const NEAREST: Record<string, string> = { "=>": ">=", "=<": "<=", "=!": "!=", "~": "like", "~=": "like", "=~": "like" };
const START = "a comparison such as `loss < 0.5`, or a word";

/** What a filter says, or which part of it cannot be read. */
export function read(filter: string): { sentence: Sentence } | { wrong: ErrorPlace } {
  const reader = new Reader(filter);
  try {
    return { sentence: reader.filter() };
  } catch (error) {
    if (error instanceof Unreadable) return { wrong: placeOf(filter, error) };
    throw error;
  }
}

class Unreadable extends Error {
  constructor(message: string, readonly start: number, readonly end: number, readonly suggestion: string | null = null) {
    super(message);
  }
}

/** The server counts characters, and a text of the browser has two units for some. */
function placeOf(text: string, error: Unreadable): ErrorPlace {
  const count = (part: string): number => Array.from(part).length;
  const { message, start, end, suggestion } = error;
  return { text, start: count(text.slice(0, start)), length: count(text.slice(start, end)), message, suggestion };
}

class Reader {
  private readonly tokens: readonly Token[];
  private at = 0;
  private depth = 0;
  private readonly comparisons: Comparison[] = [];
  private readonly words: { text: string; end: number }[] = [];

  constructor(private readonly text: string) {
    this.tokens = tokensOf(text);
  }

  filter(): Sentence {
    const openAt = this.tokens.find((token) => token.openAt !== null)?.openAt ?? null;
    if (openAt !== null) {
      const what = this.text.charAt(openAt) === "{" ? "brace" : "quote";
      throw new Unreadable(`the ${what} is never closed`, openAt, this.text.length);
    }
    if (this.tokens.length > 0) {
      this.either();
      if (this.peek() !== undefined) throw this.expected("`and`, `or` or the end");
    }
    return { comparisons: this.comparisons, words: this.words };
  }

  private either(): void {
    do {
      this.one();
      while (this.take("and") || this.startsOne()) this.one();
    } while (this.take("or"));
  }

  /** Whether what stands here begins a part, so that `and` was left out. */
  private startsOne(): boolean {
    const token = this.peek();
    if (token === undefined) return false;
    if (token.kind === "operator" || token.kind === "odd") return this.isParam();
    return ["word", "name", "text", "open"].includes(token.kind) && !isWord(token, "or");
  }

  private one(): void {
    if (this.depth === DEPTH_MAX) {
      const [start, end] = this.here();
      throw new Unreadable(`more than ${DEPTH_MAX} parentheses and \`not\` inside each other`, start, end);
    }
    this.depth += 1;
    if (this.take("not")) this.one();
    else if (this.takeKind("open")) {
      this.either();
      if (!this.takeKind("close")) throw this.expected("`)`");
    } else this.term();
    this.depth -= 1;
  }

  private term(): void {
    const first = this.peek();
    if (first === undefined || isWord(first, ...KEYWORDS)) throw this.expected(START);
    const isName = first.kind === "word" || first.kind === "name" || first.kind === "text";
    if (!isName && !this.isParam()) throw this.expected(START);
    this.at += 1;
    // Where the lexer did not see that a column can stand there, the sign and the name are two tokens.
    const name = isName ? first : (this.tokens[this.at++] as Token);
    const operand = isName ? operandOf(first) : { family: "param" as const, name: plainWord(name.text) };
    const hasFamily = operand.family !== "bare" && isName && !first.text.startsWith("=") && !first.text.startsWith(".");
    if (hasFamily && operand.name === "") {
      throw new Unreadable(`${first.text} names nothing: write a name behind the dot`, first.start, first.end);
    }
    if (this.startsCheck()) this.comparison(operand);
    else this.word(operand, first, name.end);
  }

  private word(operand: Operand, first: Token, end: number): void {
    const attribute = operand.family === "attribute" ? attributeKind(operand.name) : null;
    const isFact = attribute === "fact" || (operand.family === "bare" && first.kind !== "text" && attributeKind(operand.name) === "fact");
    // An attribute that there is none of has the server's word for what is wrong.
    const isUnknown = operand.family === "attribute" && attribute === null;
    if (isFact || isUnknown) this.comparisons.push({ operand, how: "presence", isList: false, values: [] });
    else if (operand.family === "bare") this.words.push({ text: operand.name, end });
    else {
      const name = this.text.slice(first.start, end);
      const message = `${name} is compared with nothing: \`${name} is not null\` admits the runs that have it`;
      throw new Unreadable(message, first.start, end);
    }
  }

  private comparison(operand: Operand): void {
    const add = (how: Comparison["how"], values: readonly string[], isList = false): void => {
      this.comparisons.push({ operand, how, isList, values });
    };
    if (this.take("is")) {
      this.take("not");
      if (!this.take("null")) throw this.expected("`null` or `not null`");
      return add("presence", []);
    }
    this.take("not");
    if (this.take("in")) return add("values", this.list(), true);
    if (this.take("between")) {
      const low = this.literal();
      if (!this.take("and")) throw this.expected("`and` and the upper bound");
      return add("values", [low, this.literal()], true);
    }
    const how = this.operator();
    add(how, [this.literal()]);
  }

  private operator(): "values" | "pattern" {
    if (this.take("like") || this.take("ilike")) return "pattern";
    // A comparison has begun here, so a sign is there.
    const token = this.tokens[this.at++] as Token;
    if (token.kind === "operator") return "values";
    const message = `${JSON.stringify(token.text)} is no operator: there are = != < <= > >= like ilike in between is`;
    throw new Unreadable(message, token.start, token.end, NEAREST[token.text] ?? null);
  }

  private list(): string[] {
    if (!this.takeKind("open")) throw this.expected("a list in parentheses, such as ('a', 'b')");
    const items = [this.literal()];
    for (;;) {
      if (this.takeKind("close")) return items;
      if (!this.takeKind("comma")) throw this.expected("`,` or `)`");
      if (this.takeKind("close")) return items;
      items.push(this.literal());
    }
  }

  private literal(): string {
    const token = this.peek();
    const isOne = token !== undefined && ["word", "name", "text"].includes(token.kind) && !isWord(token, ...KEYWORDS);
    if (!isOne || token.text.startsWith("=")) throw this.expected("a number, a text or a time");
    this.at += 1;
    return token.kind === "text" ? operandOf(token).name : plainWord(token.text);
  }

  /** Whether a comparison goes on here. */
  private startsCheck(): boolean {
    const token = this.peek();
    if (token === undefined) return false;
    if (isSign(token)) return !this.isParamBehindWord();
    const checks = ["like", "ilike", "in", "between"];
    return isWord(token, "is", ...checks) || (isWord(token, "not") && isWord(this.tokens[this.at + 1], ...checks));
  }

  /** Whether `=lr` stands here: the sign and the name without a blank in between. */
  private isParam(): boolean {
    const [sign, name] = [this.peek(), this.tokens[this.at + 1]];
    return sign?.text === "=" && (name?.kind === "word" || name?.kind === "name") && name.start === sign.end;
  }

  /** Behind a word the sign is an operator, also without blanks, unless an operator follows the name: `good =lr < 1`. */
  private isParamBehindWord(): boolean {
    const [before, sign, follows] = [this.tokens[this.at - 1], this.peek(), this.tokens[this.at + 2]];
    if (before === undefined || sign === undefined || follows === undefined) return false;
    return this.isParam() && sign.start > before.end && isSign(follows);
  }

  private peek(): Token | undefined {
    return this.tokens[this.at];
  }

  private take(keyword: string): boolean {
    const isThere = isWord(this.peek(), keyword);
    if (isThere) this.at += 1;
    return isThere;
  }

  private takeKind(kind: Token["kind"]): boolean {
    const isThere = this.peek()?.kind === kind;
    if (isThere) this.at += 1;
    return isThere;
  }

  private here(): [number, number] {
    const token = this.peek();
    if (token === undefined) return [this.text.length, this.text.length];
    // To the server the sign of `=lr` is a part of its own.
    return [token.start, token.kind === "word" && token.text.startsWith("=") ? token.start + 1 : token.end];
  }

  private expected(what: string): Unreadable {
    const [start, end] = this.here();
    const found = this.peek() === undefined ? "the filter ends" : `it says ${this.text.slice(start, end)}`;
    return new Unreadable(`${found}, expected ${what}`, start, end);
  }
}

function isSign(token: Token): boolean {
  return token.kind === "operator" || (token.kind === "odd" && token.text !== ";");
}
