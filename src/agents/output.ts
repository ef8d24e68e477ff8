/**
 * The output of a run on disk: the newest 10 MiB, in segments that are named by the offset of their first byte.
 */
import { appendFileSync, readdirSync, rmSync, statSync } from 'node:fs';
import { open, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';

/** Two of these are kept. */
const segmentBytesMax = 5 * 1024 * 1024;

export type OutputRange = { readonly fromByte?: number; readonly maxBytes: number };

/**
 * A piece of output. Offsets count all bytes of the run's (masked) output since its start, those no longer kept too.
 */
export type OutputPiece = {
  readonly text: string;
  readonly fromByte: number;
  /** Where to go on reading. */
  readonly nextByte: number;
  /** All that there was so far. */
  readonly endByte: number;
};

/**
 * A writer that appends to the run's output and forgets the oldest. Losing output (a full disk) never harms the run.
 */
export function createOutputWriter(directory: string): (text: string) => void {
  let segment = { fromByte: 0, bytes: 0 };
  return (text) => {
    try {
      appendFileSync(join(directory, segmentName(segment.fromByte)), text, { mode: 0o600 });
    } catch {
      return;
    }
    segment.bytes += Buffer.byteLength(text);
    if (segment.bytes < segmentBytesMax) return;
    segment = { fromByte: segment.fromByte + segment.bytes, bytes: 0 };
    const old = offsetsOf(readdirSync(directory)).slice(0, -1);
    for (const fromByte of old) rmSync(join(directory, segmentName(fromByte)), { force: true });
  };
}

/**
 * Reads at most `maxBytes` from `fromByte` on, or the end of the output when no offset is given. Starts and ends at
 * whole characters.
 */
export async function readPiece(directory: string, want: OutputRange): Promise<OutputPiece> {
  try {
    return await readSegments(directory, want);
  } catch {
    // The oldest segment went away while it was read; the newer ones are there for longer than it takes to look again.
    return readSegments(directory, want);
  }
}

/**
 * How much output there was so far, bytes: more than before is a sign of life that a person would take for progress.
 */
export function outputEnd(directory: string): number {
  try {
    const newest = offsetsOf(readdirSync(directory)).at(-1);
    return newest === undefined ? 0 : newest + statSync(join(directory, segmentName(newest))).size;
  } catch {
    return 0;
  }
}

async function readSegments(directory: string, want: OutputRange): Promise<OutputPiece> {
  const segments: { fromByte: number; bytes: number }[] = [];
  for (const fromByte of offsetsOf(await readdir(directory))) {
    const { size } = await stat(join(directory, segmentName(fromByte)));
    segments.push({ fromByte, bytes: size });
  }
  const first = segments[0]?.fromByte ?? 0;
  const newest = segments.at(-1);
  const endByte = newest ? newest.fromByte + newest.bytes : 0;
  const start = Math.min(Math.max(want.fromByte ?? endByte - want.maxBytes, first), endByte);
  const stop = Math.min(start + want.maxBytes, endByte);
  const chunks: Buffer[] = [];
  for (const { fromByte, bytes } of segments) {
    const from = Math.max(start, fromByte);
    const to = Math.min(stop, fromByte + bytes);
    if (from < to) chunks.push(await readBytes(join(directory, segmentName(fromByte)), from - fromByte, to - from));
  }
  const bytes = Buffer.concat(chunks);
  const skipped = partAtStart(bytes);
  const whole = bytes.subarray(skipped, wholeLength(bytes));
  return { text: whole.toString('utf8'), fromByte: start + skipped, nextByte: start + skipped + whole.length, endByte };
}

async function readBytes(path: string, position: number, length: number): Promise<Buffer> {
  const file = await open(path, 'r');
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, position);
    return buffer.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}

/** Bytes at the start that go on a character which began before. */
function partAtStart(bytes: Buffer): number {
  let count = 0;
  while (count < Math.min(3, bytes.length) && isContinuation(bytes[count])) count += 1;
  return count;
}

/** The length without a last character that is not there in full. */
function wholeLength(bytes: Buffer): number {
  let start = bytes.length - 1;
  while (start > 0 && start > bytes.length - 4 && isContinuation(bytes[start])) start -= 1;
  const lead = bytes[start] ?? 0;
  const needed = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : lead >= 0xc0 ? 2 : 1;
  return bytes.length - start < needed ? start : bytes.length;
}

function isContinuation(byte: number | undefined): boolean {
  return byte !== undefined && (byte & 0xc0) === 0x80;
}

function segmentName(fromByte: number): string {
  return `output-${fromByte}.log`;
}

function offsetsOf(names: readonly string[]): readonly number[] {
  const offsets = names.map((name) => /^output-(\d+)\.log$/.exec(name)?.[1]).filter((text) => text !== undefined);
  return offsets.map(Number).sort((a, b) => a - b);
}
