/** Distributions. Invariant: no value gets lost between bins. */
import { describe, expect, it } from "vitest";

import { rangeOfAll, resampled, thinnedTo } from "./histogram-model";

const one = { step: 0, edges: [0, 1, 2], counts: [4, 8], count: 12, notFinite: 0 };

describe("distributions", () => {
  it("are put into other bins by how much they overlap", () => {
    expect(resampled(one, 0, 2, 4)).toEqual([2, 2, 4, 4]);
    expect(resampled(one, 0, 4, 2)).toEqual([12, 0]);
    expect(resampled({ ...one, edges: [1, 1], counts: [5] }, 0, 2, 2)).toEqual([0, 5]);
  });

  it("share one range, and none without edges", () => {
    expect(rangeOfAll([one, { ...one, edges: [-3, 0.5] }])).toEqual({ from: -3, to: 2 });
    expect(rangeOfAll([{ ...one, edges: [] }])).toBeNull();
    expect(thinnedTo([0, 1, 2, 3, 4, 5, 6], 3)).toEqual([0, 3, 6]);
  });
});
