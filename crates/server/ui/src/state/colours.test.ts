/** Colours of runs. Invariant: they stand out from what is behind them, and all of them are used. */
import { expect, test } from "vitest";

import { colourOf, COLOUR_NAMES, looksOf, palette } from "./colours";
import { preferences } from "./preferences";

function luminance(colour: string): number {
  const channels = [1, 3, 5].map((at) => Number.parseInt(colour.slice(at, at + 2), 16) / 255);
  const [red = 0, green = 0, blue = 0] = channels.map((part) => (part <= 0.03928 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

test("every colour stands out by 3 to 1 in its theme", () => {
  for (const [theme, ground] of [["light", "#ffffff"], ["dark", "#181c22"]] as const) {
    preferences.theme.set(theme);
    expect(palette()).toHaveLength(COLOUR_NAMES.length);
    for (const colour of palette()) {
      const [one, other] = [luminance(colour), luminance(ground)];
      const contrast = (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05);
      expect(contrast, `${colour} in ${theme}`).toBeGreaterThanOrEqual(3);
    }
  }
});

test("a run keeps its colour, runs spread over all of them, and a user may choose", () => {
  const ids = Array.from({ length: 400 }, (_, index) => `run ${index}`);
  expect(new Set(ids.map((id) => colourOf(id).stroke)).size).toBe(COLOUR_NAMES.length);
  expect(colourOf("run 7")).toEqual(colourOf("run 7"));
  preferences.colours.set({ "run 7": 2 });
  expect(colourOf("run 7").stroke).toBe(palette()[2]);
});

test("the first run of a picture is solid, and those of one colour differ in their dashes", () => {
  const ids = Array.from({ length: 400 }, (_, index) => `run ${index}`);
  for (const id of ids) expect(looksOf([id]).get(id)).toEqual({ ...colourOf(id), dash: [] });
  const alike = ids.filter((id) => colourOf(id).stroke === colourOf("run 0").stroke).slice(0, 4);
  expect(alike).toHaveLength(4);
  const looks = looksOf(alike);
  expect(new Set([...looks.values()].map(({ dash }) => dash.join())).size).toBe(4);
  expect(looks.get(alike[0] ?? "")?.dash).toEqual([]);
  // Who comes behind changes nobody before it.
  const fewer = looksOf(alike.slice(0, 2));
  for (const [id, look] of fewer) expect(looks.get(id)).toEqual(look);
});
