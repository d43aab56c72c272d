/** Zoom and pan. Invariant: places are told in the picture's own measure. */
import { describe, expect, it } from "vitest";

import { centred, fitted, moved, revealing, SCALE_MAX, zoomed } from "./view";

const screen = { width: 800, height: 600 };

describe("the view", () => {
  it("fits a large picture and leaves a small one as it is", () => {
    expect(fitted({ width: 100, height: 100 }, screen)).toEqual({ scale: 1, x: 350, y: 250 });
    const view = fitted({ width: 7_520, height: 100 }, screen);
    expect(view.scale).toBeCloseTo(0.1);
    expect(view.x).toBeCloseTo(24);
  });

  it("keeps what is under the pointer there while it zooms", () => {
    const view = { x: 10, y: 20, scale: 0.5 };
    const place = (300 - view.x) / view.scale;
    const near = zoomed(view, 2, 300, 100);
    expect(near.x + place * near.scale).toBeCloseTo(300);
    expect(zoomed(near, 1_000, 0, 0).scale).toBe(SCALE_MAX);
  });

  it("moves only when what is looked for is not seen", () => {
    const view = { x: 0, y: 0, scale: 1 };
    expect(revealing(view, { x: 400, y: 300 }, screen)).toBe(view);
    expect(revealing(view, { x: 2_000, y: 300 }, screen)).toEqual(centred(view, { x: 2_000, y: 300 }, screen));
    expect(moved(view, 5, -5)).toEqual({ x: 5, y: -5, scale: 1 });
  });
});
