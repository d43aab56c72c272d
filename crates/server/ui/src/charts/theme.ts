/**
 * The colours of what is around the lines: axes, grids, labels.
 *
 * Invariant: they are those of the page, read where signals are followed, so that a chart changes with the theme.
 */
import { isDark } from "../state/colours";

export interface Theme {
  readonly ground: string;
  readonly text: string;
  readonly soft: string;
  readonly grid: string;
  readonly axis: string;
  readonly accent: string;
  readonly isDark: boolean;
}

const LIGHT: Theme = { ground: "#ffffff", text: "#16191f", soft: "#4a5260", grid: "#e9ecf0", axis: "#868f9c", accent: "#1a5fb4", isDark: false };
const DARK: Theme = { ground: "#181c22", text: "#e8ebef", soft: "#b4bcc8", grid: "#272d35", axis: "#6f7988", accent: "#7db2f0", isDark: true };

/** The colours now. */
export function theme(): Theme {
  return isDark.value ? DARK : LIGHT;
}

/** Viridis, from low to high: it reads the same without colour, and to all kinds of colour vision. */
const VIRIDIS = ["#440154", "#472d7b", "#3b528b", "#2c728e", "#21918c", "#28ae80", "#5ec962", "#addc30", "#fde725"];

/** The colour of a share from 0 to 1. */
export function shade(share: number): string {
  if (!Number.isFinite(share)) return "#8a8f98";
  const place = Math.max(0, Math.min(1, share)) * (VIRIDIS.length - 1);
  const low = Math.floor(place);
  const from = VIRIDIS[low] ?? "#440154";
  const to = VIRIDIS[Math.min(low + 1, VIRIDIS.length - 1)] ?? from;
  const mix = (at: number) => {
    const [a, b] = [parseInt(from.slice(at, at + 2), 16), parseInt(to.slice(at, at + 2), 16)];
    return Math.round(a + (b - a) * (place - low)).toString(16).padStart(2, "0");
  };
  return `#${mix(1)}${mix(3)}${mix(5)}`;
}

/** A colour between two for a number from -1 to 1: blue below, orange above, the ground in the middle. */
export function contrast(share: number, isOnDark: boolean): string {
  const ends = share < 0 ? [0, 114, 178] : [213, 94, 0];
  const ground = isOnDark ? [24, 28, 34] : [255, 255, 255];
  const size = Math.min(1, Math.abs(share));
  const mixed = ends.map((end, index) => Math.round((ground[index] ?? 0) + (end - (ground[index] ?? 0)) * size));
  return `rgb(${mixed.join(",")})`;
}

/** Black or white, whichever is read better on this colour. */
export function inkOn(color: string): string {
  const parts = color.startsWith("#")
    ? [1, 3, 5].map((at) => parseInt(color.slice(at, at + 2), 16))
    : (color.match(/\d+/g) ?? []).map(Number);
  const linear = parts.slice(0, 3).map((part) => ((part / 255) ** 2.2));
  const light = 0.2126 * (linear[0] ?? 0) + 0.7152 * (linear[1] ?? 0) + 0.0722 * (linear[2] ?? 0);
  return light > 0.18 ? "#000000" : "#ffffff";
}
