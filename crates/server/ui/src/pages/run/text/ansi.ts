/**
 * Colours of terminals in lines of a console.
 * Invariant: the texts of the parts, one after another, are what a terminal would show of the line; no other escape
 * sequence reaches the page, and every part is text, never markup.
 */

export interface Style {
  /** 0 to 15 are the theme's colours, a string is a colour of CSS. */
  readonly colour: number | string | null;
  readonly background: number | string | null;
  readonly isBold: boolean;
  readonly isFaint: boolean;
  readonly isItalic: boolean;
  readonly isUnderlined: boolean;
  readonly isInverse: boolean;
}

export interface Part {
  readonly text: string;
  readonly style: Style;
}

export const PLAIN: Style = {
  colour: null,
  background: null,
  isBold: false,
  isFaint: false,
  isItalic: false,
  isUnderlined: false,
  isInverse: false,
};

// Sequences with parameters, strings such as titles of windows and links, and the two-letter ones, in this order.
const ESCAPE = /\u001b\[([0-9;:?<=>]*)[ -/]*([@-~])|\u001b[\]PX^_][^\u0007\u001b]*(?:\u0007|\u001b\\|$)|\u001b[ -/]*[0-~]?/g;
const CONTROL = /[\u0000-\u0008\u000b-\u001f\u007f]/g;

const LEVELS = [0, 95, 135, 175, 215, 255] as const;

/** The colour of CSS for one of the 256 of a terminal. */
function paletteColour(index: number): number | string | null {
  if (!Number.isInteger(index) || index < 0 || index > 255) return null;
  if (index < 16) return index;
  if (index > 231) {
    const grey = 8 + (index - 232) * 10;
    return `rgb(${grey}, ${grey}, ${grey})`;
  }
  const cube = index - 16;
  const level = (at: number): number => LEVELS[at % 6] ?? 0;
  return `rgb(${level(Math.floor(cube / 36))}, ${level(Math.floor(cube / 6))}, ${level(cube)})`;
}

/** The colour that follows a 38 or 48, and how many numbers it takes. */
function longColour(codes: readonly number[]): { colour: number | string | null; taken: number } {
  if (codes[0] === 5) return { colour: paletteColour(codes[1] ?? -1), taken: 2 };
  if (codes[0] !== 2) return { colour: null, taken: 1 };
  const channels = codes.slice(1, 4);
  const isWhole = channels.length === 3 && channels.every((channel) => channel >= 0 && channel <= 255);
  return { colour: isWhole ? `rgb(${channels.join(", ")})` : null, taken: 4 };
}

function withCode(style: Style, code: number): Style {
  if (code === 0) return PLAIN;
  if (code === 1) return { ...style, isBold: true };
  if (code === 2) return { ...style, isFaint: true };
  if (code === 3) return { ...style, isItalic: true };
  if (code === 4) return { ...style, isUnderlined: true };
  if (code === 7) return { ...style, isInverse: true };
  if (code === 22) return { ...style, isBold: false, isFaint: false };
  if (code === 23) return { ...style, isItalic: false };
  if (code === 24) return { ...style, isUnderlined: false };
  if (code === 27) return { ...style, isInverse: false };
  if (code >= 30 && code <= 37) return { ...style, colour: code - 30 };
  if (code === 39) return { ...style, colour: null };
  if (code >= 40 && code <= 47) return { ...style, background: code - 40 };
  if (code === 49) return { ...style, background: null };
  if (code >= 90 && code <= 97) return { ...style, colour: code - 82 };
  if (code >= 100 && code <= 107) return { ...style, background: code - 92 };
  return style;
}

function withCodes(style: Style, written: string): Style {
  const codes = written === "" ? [0] : written.split(/[;:]/).map((code) => (code === "" ? 0 : Number(code)));
  let now = style;
  for (let at = 0; at < codes.length; at += 1) {
    const code = codes[at] ?? 0;
    if (code === 38 || code === 48) {
      const { colour, taken } = longColour(codes.slice(at + 1));
      if (colour !== null) now = code === 38 ? { ...now, colour } : { ...now, background: colour };
      at += taken;
    } else now = withCode(now, code);
  }
  return now;
}

/** What a terminal shows of a line in which a carriage return began it again, as bars of progress do. */
function lastWritten(line: string): string {
  const from = line.replace(/\r+$/, "").lastIndexOf("\r");
  return from < 0 ? line.replace(/\r+$/, "") : line.slice(from + 1).replace(/\r+$/, "");
}

/** The parts of one line. */
export function partsOf(line: string, start: Style = PLAIN): readonly Part[] {
  const shown = line.includes("\r") ? lastWritten(line) : line;
  if (!shown.includes("\u001b")) {
    const text = shown.replace(CONTROL, "\ufffd");
    return text === "" ? [] : [{ text, style: start }];
  }
  const parts: Part[] = [];
  let style = start;
  let from = 0;
  const push = (text: string): void => {
    if (text !== "") parts.push({ text: text.replace(CONTROL, "\ufffd"), style });
  };
  for (const found of shown.matchAll(ESCAPE)) {
    push(shown.slice(from, found.index));
    if (found[2] === "m") style = withCodes(style, found[1] ?? "");
    from = found.index + found[0].length;
  }
  push(shown.slice(from));
  return parts;
}

/** The text of a line without colours, to search and to copy. */
export function plainText(line: string): string {
  return partsOf(line).map((part) => part.text).join("");
}
