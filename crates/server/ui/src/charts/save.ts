/**
 * Files that the browser saves.
 *
 * Invariant: nothing leaves the browser; an address that was made for a file is given back.
 */
import { CanvasSurface, type Surface } from "./surface";

/** Saves a text or bytes under a name. */
export function saveBytes(name: string, content: string | Blob, type: string): void {
  const blob = typeof content === "string" ? new Blob([content], { type }) : content;
  const address = URL.createObjectURL(blob);
  const link = document.createElement("a");
  link.href = address;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}

/** Saves what is painted as an image of twice the pixels, so that it is sharp in print. */
export async function savePng(
  name: string,
  paint: (surface: Surface, width: number, height: number) => void,
  width: number,
  height: number,
  ground: string,
): Promise<void> {
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [2 * width, 2 * height];
  const context = canvas.getContext("2d");
  if (context === null) throw new Error("this browser has no canvas to draw on");
  context.scale(2, 2);
  context.fillStyle = ground;
  context.fillRect(0, 0, width, height);
  paint(new CanvasSurface(context), width, height);
  const blob = await new Promise<Blob | null>((resolve) => canvas.toBlob(resolve, "image/png"));
  if (blob === null) throw new Error("this browser could not make an image");
  saveBytes(name, blob, "image/png");
}
