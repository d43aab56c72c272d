/**
 * How a file is shown before it is downloaded.
 * Invariant: decided by its media type and name alone, never by running it; HTML is text, and whatever is not known is
 * offered as a download. No preview asks for more bytes than its kind's limit.
 */

export type PreviewKind = "image" | "table" | "json" | "audio" | "video" | "patch" | "text" | "download" | "empty";

export interface Preview {
  readonly kind: PreviewKind;
  /** The most bytes that are asked for. Kinds that are useless in part are not shown when the file is longer. */
  readonly bytesMax: number;
  /** The type that the bytes are shown as, where a browser shows them. */
  readonly mediaType: string;
}

const KIB = 1024;
const MIB = 1024 * KIB;

const LIMITS: Readonly<Record<PreviewKind, number>> = {
  image: 16 * MIB,
  table: 256 * KIB,
  json: 512 * KIB,
  audio: 32 * MIB,
  video: 64 * MIB,
  patch: 1 * MIB,
  text: 256 * KIB,
  download: 0,
  empty: 0,
};

/** Types that a browser shows as a picture without running anything in it. */
const IMAGES: Readonly<Record<string, string>> = {
  png: "image/png",
  jpg: "image/jpeg",
  jpeg: "image/jpeg",
  gif: "image/gif",
  webp: "image/webp",
  avif: "image/avif",
  bmp: "image/bmp",
  svg: "image/svg+xml",
};

const AUDIO: Readonly<Record<string, string>> = {
  wav: "audio/wav",
  mp3: "audio/mpeg",
  ogg: "audio/ogg",
  oga: "audio/ogg",
  flac: "audio/flac",
  m4a: "audio/mp4",
};

const VIDEO: Readonly<Record<string, string>> = { mp4: "video/mp4", webm: "video/webm", ogv: "video/ogg", mov: "video/mp4" };

const TEXT_NAMES =
  /(^|\/)(readme|license|licence|copying|makefile|dockerfile|changelog|requirements[^/]*|\.gitignore|\.env\.example)$|\.(txt|text|md|markdown|rst|log|out|err|html?|xhtml|xml|css|js|mjs|ts|tsx|jsx|py|pyi|rs|c|h|cc|cpp|hpp|cu|java|go|rb|r|jl|lua|sh|bash|zsh|fish|sql|toml|ya?ml|ini|cfg|conf|properties|tex|bib|proto|vue|lock|mlmodel)$/i;

function kindOf(path: string, mediaType: string): { kind: PreviewKind; mediaType: string } {
  const ending = /\.([a-z0-9]+)$/i.exec(path)?.[1]?.toLowerCase() ?? "";
  const type = mediaType.split(";")[0]?.trim().toLowerCase() ?? "";
  const from = (types: Readonly<Record<string, string>>, top: string): string | undefined =>
    Object.hasOwn(types, ending) ? types[ending] : type.startsWith(top) && Object.values(types).includes(type) ? type : undefined;
  const image = from(IMAGES, "image/");
  if (image) return { kind: "image", mediaType: image };
  const audio = from(AUDIO, "audio/");
  if (audio) return { kind: "audio", mediaType: audio };
  const video = from(VIDEO, "video/");
  if (video) return { kind: "video", mediaType: video };
  const text = "text/plain";
  if (ending === "csv" || ending === "tsv" || type === "text/csv" || type === "text/tab-separated-values") return { kind: "table", mediaType: text };
  if (ending === "patch" || ending === "diff" || type === "text/x-diff" || type === "text/x-patch") return { kind: "patch", mediaType: text };
  if (ending === "json" || ending === "ipynb" || ending === "geojson" || type === "application/json") return { kind: "json", mediaType: text };
  const isText = type.startsWith("text/") || /^application\/(xml|xhtml\+xml|javascript|x-sh|toml|yaml|x-ndjson)$/.test(type);
  if (isText || TEXT_NAMES.test(path) || ending === "jsonl" || ending === "ndjson") return { kind: "text", mediaType: text };
  return { kind: "download", mediaType: "application/octet-stream" };
}

/** How the file at `path` is shown. */
export function previewOf(path: string, mediaType: string, bytes: number): Preview {
  if (bytes === 0) return { kind: "empty", bytesMax: 0, mediaType: "text/plain" };
  const { kind, mediaType: shownAs } = kindOf(path, mediaType);
  const needsAll = kind === "image" || kind === "audio" || kind === "video";
  const bytesMax = LIMITS[kind];
  if (needsAll && bytes > bytesMax) return { kind: "download", bytesMax: 0, mediaType: shownAs };
  // A part of a JSON document is no document: what is too long is shown as the text that it begins with.
  if (kind === "json" && bytes > bytesMax) return { kind: "text", bytesMax: LIMITS.text, mediaType: shownAs };
  return { kind, bytesMax: Math.min(bytesMax, bytes), mediaType: shownAs };
}

/** Whether bytes that should be text are none: text has no zeros, and hardly any control characters. */
export function looksBinary(start: Uint8Array): boolean {
  let odd = 0;
  const length = Math.min(start.length, 4096);
  for (let at = 0; at < length; at += 1) {
    const byte = start[at] ?? 0;
    if (byte === 0) return true;
    if (byte < 9 || (byte > 13 && byte < 32 && byte !== 27)) odd += 1;
  }
  return odd * 10 > length;
}
