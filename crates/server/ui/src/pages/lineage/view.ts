/**
 * Which part of the picture is seen, how large.
 *
 * Invariant: zooming keeps the point under the pointer where it is.
 */

/** A place of the picture stands at `x + place * scale` of the screen. */
export interface View {
  readonly x: number;
  readonly y: number;
  readonly scale: number;
}

export interface Size {
  readonly width: number;
  readonly height: number;
}

export const SCALE_MIN = 0.02;
export const SCALE_MAX = 3;
const MARGIN = 24;

/** All of the picture, as large as fits, but no larger than life. */
export function fitted(picture: Size, screen: Size): View {
  const across = (screen.width - 2 * MARGIN) / Math.max(1, picture.width);
  const down = (screen.height - 2 * MARGIN) / Math.max(1, picture.height);
  const scale = Math.min(1, Math.max(SCALE_MIN, Math.min(across, down)));
  return {
    scale,
    x: (screen.width - picture.width * scale) / 2,
    y: (screen.height - picture.height * scale) / 2,
  };
}

/** So many times as large, around a point of the screen. */
export function zoomed(view: View, times: number, x: number, y: number): View {
  const scale = Math.min(SCALE_MAX, Math.max(SCALE_MIN, view.scale * times));
  const grown = scale / view.scale;
  return { scale, x: x - (x - view.x) * grown, y: y - (y - view.y) * grown };
}

/** The same, moved on the screen. */
export function moved(view: View, x: number, y: number): View {
  return { ...view, x: view.x + x, y: view.y + y };
}

/** The same as large, moved so that a place of the picture is seen; as it is when it is seen already. */
export function revealing(view: View, place: { x: number; y: number }, screen: Size): View {
  const [x, y] = [view.x + place.x * view.scale, view.y + place.y * view.scale];
  const isSeen = x > 90 && y > 30 && x < screen.width - 90 && y < screen.height - 30;
  return isSeen ? view : centred(view, place, screen);
}

/** A place of the picture in the middle. */
export function centred(view: View, place: { x: number; y: number }, screen: Size): View {
  return {
    scale: view.scale,
    x: screen.width / 2 - place.x * view.scale,
    y: screen.height / 2 - place.y * view.scale,
  };
}
