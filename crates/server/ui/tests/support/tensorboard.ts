/**
 * Event files as TensorBoard's writers make them: the way by which a test brings texts, tables and pictures of steps
 * into a real store.
 *
 * Invariant: every record has both of its checksums, so that the importer takes it for nothing but a whole file.
 */

const CASTAGNOLI = 0x82f63b78;

function crc(bytes: Uint8Array): number {
  let sum = 0xffffffff;
  for (const byte of bytes) {
    sum ^= byte;
    for (let bit = 0; bit < 8; bit += 1) sum = sum & 1 ? (sum >>> 1) ^ CASTAGNOLI : sum >>> 1;
  }
  return ~sum >>> 0;
}

/** A checksum as records have it: turned and moved, so that a file within a file is none of it. */
function masked(bytes: Uint8Array): Buffer {
  const sum = crc(bytes);
  const told = Buffer.alloc(4);
  told.writeUInt32LE((((sum >>> 15) | (sum << 17)) + 0xa282ead8) >>> 0);
  return told;
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 128);
  return Buffer.from([...bytes, rest]);
}

/** A field of a message: a number, or what has a length. */
function field(number: number, value: number | string | Uint8Array): Buffer {
  if (typeof value === "number") return Buffer.concat([varint(number * 8), varint(value)]);
  const bytes = typeof value === "string" ? Buffer.from(value) : value;
  return Buffer.concat([varint(number * 8 + 2), varint(bytes.length), bytes]);
}

function record(message: Uint8Array): Buffer {
  const length = Buffer.alloc(8);
  length.writeUInt32LE(message.length);
  return Buffer.concat([length, masked(length), message, masked(message)]);
}

function event(second: number, rest: Uint8Array): Buffer {
  const time = Buffer.alloc(9);
  time[0] = 1 * 8 + 1;
  time.writeDoubleLE(1_767_225_600 + second, 1);
  return record(Buffer.concat([time, rest]));
}

/** What is logged under a tag at a step. */
export type Logged =
  | { readonly tag: string; readonly step: number; readonly scalar: number }
  | { readonly tag: string; readonly step: number; readonly texts: readonly (readonly string[])[] }
  | { readonly tag: string; readonly step: number; readonly image: Uint8Array };

const [STRING, TEXT_PLUGIN] = [7, field(9, field(1, field(1, "text")))];

/** A text of one cell is a text; of several it is a table. */
function tensor(texts: readonly (readonly string[])[]): Buffer {
  const sizes = [texts.length, texts[0]?.length ?? 0].map((size) => field(2, field(1, size)));
  return Buffer.concat([field(1, STRING), field(2, Buffer.concat(sizes)), ...texts.flat().map((text) => field(8, text))]);
}

function valueOf(logged: Logged): Buffer {
  const tag = field(1, logged.tag);
  if ("texts" in logged) return Buffer.concat([tag, TEXT_PLUGIN, field(8, tensor(logged.texts))]);
  if ("image" in logged) return Buffer.concat([tag, field(4, Buffer.concat([field(1, 1), field(2, 1), field(3, 3), field(4, logged.image)]))]);
  const scalar = Buffer.alloc(5);
  scalar[0] = 2 * 8 + 5;
  scalar.writeFloatLE(logged.scalar, 1);
  return Buffer.concat([tag, scalar]);
}

/** The bytes of an event file. */
export function eventFile(logged: readonly Logged[]): Buffer {
  const version = event(0, field(3, "brain.Event:2"));
  const events = logged.map((one) => event(1 + one.step, Buffer.concat([field(2, one.step), field(5, field(1, valueOf(one)))])));
  return Buffer.concat([version, ...events]);
}
