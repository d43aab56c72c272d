/**
 * What charts are drawn on: a canvas for the screen, or the text of an SVG for a file, by the same calls.
 *
 * Invariants: a line is broken where a number of it is no number; text is text on both, never markup.
 */

export type Align = "left" | "center" | "right";

export interface LineStyle {
  readonly stroke: string;
  readonly width?: number;
  readonly dash?: readonly number[];
  readonly opacity?: number;
}

export interface FillStyle {
  readonly fill: string;
  readonly opacity?: number;
}

export interface TextStyle {
  readonly fill: string;
  readonly size?: number;
  readonly align?: Align;
  readonly isBold?: boolean;
  /** Turned to the left by a quarter. */
  readonly isUpright?: boolean;
}

/** Shapes that tell runs apart without colour. */
export type Marker = "circle" | "square" | "triangle" | "diamond" | "cross" | "plus" | "star" | "ring";

export interface Surface {
  /** A line through pairs of x and y. */
  line(points: ArrayLike<number>, style: LineStyle): void;
  /** The area within a closed line of pairs. */
  area(points: ArrayLike<number>, style: FillStyle): void;
  rect(x: number, y: number, width: number, height: number, style: FillStyle): void;
  marker(x: number, y: number, shape: string, size: number, color: string): void;
  text(x: number, y: number, text: string, style: TextStyle): void;
  /** What `draw` draws is seen only within these bounds. */
  clip(x: number, y: number, width: number, height: number, draw: () => void): void;
}

export const FONT = 'system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", sans-serif';

/** The outline of a marker: pairs for a closed shape, or the strokes of an open one. */
export function markerStrokes(x: number, y: number, shape: string, size: number): { closed: boolean; strokes: number[][] } {
  const r = size;
  switch (shape) {
    case "square":
      return { closed: true, strokes: [[x - r, y - r, x + r, y - r, x + r, y + r, x - r, y + r]] };
    case "triangle":
      return { closed: true, strokes: [[x, y - r * 1.2, x + r * 1.1, y + r * 0.8, x - r * 1.1, y + r * 0.8]] };
    case "diamond":
      return { closed: true, strokes: [[x, y - r * 1.3, x + r * 1.3, y, x, y + r * 1.3, x - r * 1.3, y]] };
    case "cross":
      return { closed: false, strokes: [[x - r, y - r, x + r, y + r], [x - r, y + r, x + r, y - r]] };
    case "plus":
      return { closed: false, strokes: [[x - r * 1.2, y, x + r * 1.2, y], [x, y - r * 1.2, x, y + r * 1.2]] };
    case "star":
      return { closed: true, strokes: [star(x, y, r * 1.4)] };
    default:
      return { closed: true, strokes: [round(x, y, r)] };
  }
}

function star(x: number, y: number, size: number): number[] {
  const points: number[] = [];
  for (let index = 0; index < 10; index += 1) {
    const radius = index % 2 === 0 ? size : size * 0.45;
    const angle = (Math.PI * index) / 5 - Math.PI / 2;
    points.push(x + radius * Math.cos(angle), y + radius * Math.sin(angle));
  }
  return points;
}

function round(x: number, y: number, size: number): number[] {
  const points: number[] = [];
  for (let index = 0; index < 16; index += 1) {
    const angle = (Math.PI * index) / 8;
    points.push(x + size * Math.cos(angle), y + size * Math.sin(angle));
  }
  return points;
}

/** A canvas as a surface. */
export class CanvasSurface implements Surface {
  constructor(private readonly context: CanvasRenderingContext2D) {}

  line(points: ArrayLike<number>, style: LineStyle): void {
    const { context } = this;
    context.save();
    context.globalAlpha *= style.opacity ?? 1;
    context.strokeStyle = style.stroke;
    context.lineWidth = style.width ?? 1;
    context.lineJoin = "round";
    if (style.dash && style.dash.length > 0) context.setLineDash([...style.dash]);
    context.beginPath();
    trace(context, points);
    context.stroke();
    context.restore();
  }

  area(points: ArrayLike<number>, style: FillStyle): void {
    const { context } = this;
    context.save();
    context.globalAlpha *= style.opacity ?? 1;
    context.fillStyle = style.fill;
    context.beginPath();
    trace(context, points);
    context.closePath();
    context.fill();
    context.restore();
  }

  rect(x: number, y: number, width: number, height: number, style: FillStyle): void {
    const { context } = this;
    context.save();
    context.globalAlpha *= style.opacity ?? 1;
    context.fillStyle = style.fill;
    context.fillRect(x, y, width, height);
    context.restore();
  }

  marker(x: number, y: number, shape: string, size: number, color: string): void {
    const { closed, strokes } = markerStrokes(x, y, shape, size);
    for (const points of strokes) {
      if (closed && shape !== "ring") this.area(points, { fill: color });
      else this.line(closed ? [...points, ...points.slice(0, 2)] : points, { stroke: color, width: 1.5 });
    }
  }

  text(x: number, y: number, text: string, style: TextStyle): void {
    const { context } = this;
    context.save();
    context.fillStyle = style.fill;
    context.font = `${style.isBold ? "600 " : ""}${style.size ?? 11}px ${FONT}`;
    context.textAlign = style.align ?? "left";
    context.textBaseline = "middle";
    context.translate(x, y);
    if (style.isUpright) context.rotate(-Math.PI / 2);
    context.fillText(text, 0, 0);
    context.restore();
  }

  clip(x: number, y: number, width: number, height: number, draw: () => void): void {
    const { context } = this;
    context.save();
    context.beginPath();
    context.rect(x, y, width, height);
    context.clip();
    draw();
    context.restore();
  }
}

function trace(context: CanvasRenderingContext2D, points: ArrayLike<number>): void {
  let isDown = false;
  for (let index = 0; index + 1 < points.length; index += 2) {
    const x = points[index] as number;
    const y = points[index + 1] as number;
    if (Number.isNaN(x) || Number.isNaN(y)) isDown = false;
    else if (isDown) context.lineTo(x, y);
    else {
      context.moveTo(x, y);
      isDown = true;
    }
  }
}
