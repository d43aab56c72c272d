/**
 * A file that can be looked into: an artifact, or a file of a version of a dataset or a model.
 *
 * Invariant: never more bytes are taken than asked for, even of a server that sends the whole file anyway.
 */
import { address, bytes, type Query } from "../../../api/client";
import type { Artifact } from "../../../api/types";

export interface FileSource {
  /** Tells files apart; what differs in content differs here. */
  readonly key: string;
  readonly path: string;
  readonly mediaType: string;
  readonly bytes: number;
  /** Where its bytes are below /api/v1. */
  readonly place: string;
  readonly query: Query;
}

export interface Start {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly isPart: boolean;
}

export function sourceOfArtifact(artifact: Pick<Artifact, "id" | "path" | "media_type" | "bytes" | "blake3">): FileSource {
  return {
    key: artifact.blake3 + artifact.path,
    path: artifact.path,
    mediaType: artifact.media_type,
    bytes: artifact.bytes,
    place: `/artifacts/${encodeURIComponent(artifact.id)}/bytes`,
    query: {},
  };
}

/** The address of the whole file, for a link. */
export function addressOf(source: FileSource): string {
  return address(source.place, source.query, false);
}

/** At most `bytesMax` bytes from the beginning of the file. */
export async function startOf(source: FileSource, bytesMax: number, signal: AbortSignal): Promise<Start> {
  const isPart = bytesMax < source.bytes;
  const headers: Record<string, string> = isPart ? { range: `bytes=0-${bytesMax - 1}` } : {};
  const response = await bytes(source.place, source.query, { signal, headers });
  const reader = response.body?.getReader();
  const parts: Uint8Array[] = [];
  let length = 0;
  while (reader && length < bytesMax) {
    const { done, value } = await reader.read();
    if (done) break;
    parts.push(value);
    length += value.length;
  }
  await reader?.cancel();
  const all = new Uint8Array(Math.min(length, bytesMax));
  let at = 0;
  for (const part of parts) {
    const taken = part.subarray(0, all.length - at);
    all.set(taken, at);
    at += taken.length;
  }
  return { bytes: all, isPart: isPart || length > bytesMax };
}

/** The last part of a path. */
export function nameOf(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}
