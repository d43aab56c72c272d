/**
 * Charts as the text of an SVG file: lines stay lines, text stays text.
 *
 * Invariants: every name of the store is escaped; coordinates have two decimals at most; the file asks for nothing from
 * elsewhere.
 */
import { FONT, markerStrokes, type FillStyle, type LineStyle, type Surface, type TextStyle } from "./surface";

/** Text as it may stand in XML. */
export function escapeXml(text: string): string {
  const names: Record<string, string> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };
  // Control characters are no part of XML at all.
  return text.replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, "\ufffd").replace(/[&<>"']/g, (letter) => names[letter] ?? letter);
}

/** A number of a drawing. */
export function coordinate(value: number): string {
  return String(Math.round(value * 100) / 100);
}

/** A path through pairs, with a new beginning behind what is no number. */
export function pathOf(points: ArrayLike<number>): string {
  let path = "";
  let isDown = false;
  for (let index = 0; index + 1 < points.length; index += 2) {
    const x = points[index] as number;
    const y = points[index + 1] as number;
    if (!Number.isFinite(x) || !Number.isFinite(y)) {
      isDown = false;
      continue;
    }
    path += `${isDown ? "L" : "M"}${coordinate(x)} ${coordinate(y)}`;
    isDown = true;
  }
  return path;
}

/** The text of an SVG under construction. */
export class SvgSurface implements Surface {
  private readonly parts: string[] = [];
  private clips = 0;

  constructor(
    private readonly width: number,
    private readonly height: number,
    private readonly background: string,
    private readonly title: string,
  ) {}

  line(points: ArrayLike<number>, style: LineStyle): void {
    const path = pathOf(points);
    if (path === "") return;
    const dash = style.dash && style.dash.length > 0 ? ` stroke-dasharray="${style.dash.join(" ")}"` : "";
    this.parts.push(
      `<path d="${path}" fill="none" stroke="${escapeXml(style.stroke)}" stroke-width="${style.width ?? 1}" stroke-linejoin="round"${dash}${opacity(style.opacity)}/>`,
    );
  }

  area(points: ArrayLike<number>, style: FillStyle): void {
    const path = pathOf(points);
    if (path !== "") this.parts.push(`<path d="${path}Z" fill="${escapeXml(style.fill)}"${opacity(style.opacity)}/>`);
  }

  rect(x: number, y: number, width: number, height: number, style: FillStyle): void {
    const bounds = `x="${coordinate(x)}" y="${coordinate(y)}" width="${coordinate(width)}" height="${coordinate(height)}"`;
    this.parts.push(`<rect ${bounds} fill="${escapeXml(style.fill)}"${opacity(style.opacity)}/>`);
  }

  marker(x: number, y: number, shape: string, size: number, color: string): void {
    const { closed, strokes } = markerStrokes(x, y, shape, size);
    for (const points of strokes) {
      if (closed && shape !== "ring") this.area(points, { fill: color });
      else this.line(closed ? [...points, ...points.slice(0, 2)] : points, { stroke: color, width: 1.5 });
    }
  }

  text(x: number, y: number, text: string, style: TextStyle): void {
    const anchor = style.align === "center" ? "middle" : style.align === "right" ? "end" : "start";
    const turn = style.isUpright ? ` transform="rotate(-90 ${coordinate(x)} ${coordinate(y)})"` : "";
    const weight = style.isBold ? ' font-weight="600"' : "";
    this.parts.push(
      `<text x="${coordinate(x)}" y="${coordinate(y)}" fill="${escapeXml(style.fill)}" font-size="${style.size ?? 11}" text-anchor="${anchor}" dominant-baseline="central"${weight}${turn}>${escapeXml(text)}</text>`,
    );
  }

  clip(x: number, y: number, width: number, height: number, draw: () => void): void {
    this.clips += 1;
    const id = `clip${this.clips}`;
    const bounds = `x="${coordinate(x)}" y="${coordinate(y)}" width="${coordinate(width)}" height="${coordinate(height)}"`;
    this.parts.push(`<clipPath id="${id}"><rect ${bounds}/></clipPath><g clip-path="url(#${id})">`);
    draw();
    this.parts.push("</g>");
  }

  /** The file. */
  finish(): string {
    const { width, height } = this;
    const head = `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" font-family="${escapeXml(FONT)}" role="img">`;
    const ground = `<title>${escapeXml(this.title)}</title><rect width="${width}" height="${height}" fill="${escapeXml(this.background)}"/>`;
    return `${head}${ground}${this.parts.join("")}</svg>\n`;
  }
}

function opacity(value: number | undefined): string {
  return value === undefined || value === 1 ? "" : ` opacity="${value}"`;
}
