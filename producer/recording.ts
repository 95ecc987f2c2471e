/**
 * A recording as a source: one frame a line, after `<unix seconds> `, after `YYYY-MM-DD hh:mm:ss,mmm `, or bare;
 * gzipped or not. A line's stamp is its receive time, taken as UTC.
 */
import { createHash } from "node:crypto";
import { crc32 } from "node:zlib";
import { UserError } from "../program/command.ts";
import type { Frame, Session, Source } from "./source.ts";
import { startOf } from "./latest-time.ts";
import { lastTime, parseSeconds, parseTime } from "./time.ts";
import { LineTooLong, readLines, UnreadableFile } from "./file-lines.ts";

/** Among so many first lines one must hold a message, or the file is of another kind. */
const probedLines = 1000;

/** What must be known of an exchange to read a recording of it. */
export interface Exchange extends Pick<Source, "decoder" | "dating" | "repeats"> {
  /** The message in a line's frame; undefined where it holds none. */
  parse(text: string): Record<string, unknown> | undefined;
  /** A message's time in microseconds since 1970; undefined where it has none. */
  timeOf(message: Record<string, unknown>): number | undefined;
}

export interface Recording extends Source {
  /** Microseconds since 1970: the first time of the exchange in it; 0 where there is none. */
  readonly startsAt: number;
  /**
   * After each frame a checksum of all lines up to it: where two recordings have the same numbers up to a frame, their
   * lines up to it are the same.
   */
  readonly checksums: Uint32Array;
  /** What stands at its end and could not be read, in a sentence; undefined where all could. */
  readonly cut: string | undefined;
  /** The same frames as those of another session: that of the recording which this one continues. */
  as(session: string): Omit<Source, "watch">;
}

/** What a first reading finds. */
interface Survey {
  readonly checksums: Uint32Array;
  /** The number of the last line that is read. */
  readonly lines: number;
  readonly startsAt: number;
  readonly cut: string | undefined;
}

/**
 * Reads the file once for what must be known before its first frame: that it is a recording, checksums of its lines
 * (its own session is a hash of them: the same recording gives the same rows), and the first time of the exchange, for
 * lines without a stamp. Throws UserError when it cannot be read, is empty or of another kind. A gzipped file that is
 * cut off, and a last line that is not whole, are read as far as there are whole lines.
 */
export async function readRecording(path: string, exchange: Exchange): Promise<Recording> {
  let survey: Survey;
  try {
    survey = await examine(path, "whole", exchange);
  } catch (error) {
    if (error instanceof LineTooLong) throw notARecording(path);
    if (!(error instanceof UnreadableFile && error.cutOff)) throw error;
    survey = await examine(path, "possible", exchange);
  }
  const { checksums, startsAt, lines, cut } = survey;
  const as = (session: string) => sourceOf(path, { id: session, live: false, startsAt }, lines, exchange);
  return { ...as(sessionOf(checksums)), startsAt, checksums, cut, as };
}

async function examine(path: string, asFarAs: "whole" | "possible", exchange: Exchange): Promise<Survey> {
  let checksums = new Uint32Array(1024);
  let [frames, lines, messages, checksum] = [0, 0, 0, 0];
  const times: number[] = [];
  let torn = 0;
  for await (const batch of readLines(path, asFarAs)) {
    for (const line of batch.lines) {
      if (!batch.ended && exchange.parse(split(line).bytes.toString()) === undefined) {
        torn = line.length;
        break;
      }
      lines++;
      // An empty line is no frame, but moves the numbers of those behind it.
      checksum = crc32(line.length === 0 ? "\n" : line, checksum);
      if (line.length === 0) continue;
      if (frames === checksums.length) checksums = enlarged(checksums);
      checksums[frames++] = checksum;
      if (times.length < 3 || lines <= probedLines) {
        const message = exchange.parse(split(line).bytes.toString());
        if (typeof message?.["type"] === "string") messages++;
        const time = message && exchange.timeOf(message);
        if (time !== undefined && time >= 0 && time <= lastTime) times.push(time);
      }
      if (lines === probedLines && messages === 0) throw notARecording(path);
    }
  }
  if (frames === 0 && asFarAs === "possible")
    throw new UserError(`${path} is cut off before the end of its first line. Name a recording that can be read.`);
  if (frames === 0 && torn === 0)
    throw new UserError(`${path} is empty: a recording has one frame of the exchange a line.`);
  if (messages === 0) throw notARecording(path);
  const cut = asFarAs === "possible" || torn > 0 ? cutAt(path, lines, torn) : undefined;
  return { checksums: checksums.slice(0, frames), lines, startsAt: startOf(times) ?? 0, cut };
}

function cutAt(path: string, lines: number, torn: number): string {
  const rest = torn === 0 ? "" : `; the ${torn} bytes after it are not a whole line and are left out`;
  return `${path} is cut off: it is read to its last whole line, line ${lines}${rest}`;
}

/** Its frames, as those of a session, up to a line: what has been written since the first reading is not of it. */
function sourceOf(path: string, session: Session, lines: number, exchange: Exchange): Omit<Source, "watch"> {
  return {
    ...exchange,
    id: session.id,
    async *batches(signal) {
      let number = 0;
      for await (const batch of readLines(path, "possible")) {
        if (signal.aborted) return;
        const frames: Frame[] = [];
        for (const line of batch.lines) {
          if (number === lines) break;
          number++;
          if (line.length > 0) frames.push({ ...split(line), number });
        }
        yield { session, frames };
      }
    },
  };
}

/** A short name for all that a recording holds: it is in the identity of every book change. */
function sessionOf(checksums: Uint32Array): string {
  const { buffer, byteOffset, byteLength } = checksums;
  return shortHash(new Uint8Array(buffer, byteOffset, byteLength));
}

/** Ten letters and digits. */
export function shortHash(data: Uint8Array | string): string {
  const number = createHash("sha256").update(data).digest().readBigUInt64BE();
  return (number % 36n ** 10n).toString(36).padStart(10, "0");
}

function enlarged(numbers: Uint32Array): Uint32Array<ArrayBuffer> {
  const larger = new Uint32Array(numbers.length * 2);
  larger.set(numbers);
  return larger;
}

function notARecording(path: string): UserError {
  return new UserError(
    `${path} is not a recording: none of its first lines is a message of the exchange. ` +
      'A line is one JSON frame, bare or after "<unix seconds> " or "YYYY-MM-DD hh:mm:ss,mmm "; the file may be gzipped.',
  );
}

/** A line's stamp in microseconds, and the frame after it. */
function split(line: Buffer): { bytes: Buffer; receivedAt: number | undefined } {
  // A bare frame starts with a brace; only other lines are searched for a stamp.
  if (line[0] !== 123) {
    const head = line.toString("latin1", 0, 40);
    const stamp = /^(?:(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d),(\d{3})|(\d{1,11}(?:\.\d+)?)) /.exec(head);
    if (stamp !== null) {
      const [all, day, time, millis, seconds] = stamp;
      const receivedAt = seconds === undefined ? parseTime(`${day}T${time}.${millis}Z`) : parseSeconds(seconds);
      if (receivedAt !== undefined && receivedAt >= 0 && receivedAt <= lastTime)
        return { bytes: line.subarray(all.length), receivedAt };
    }
  }
  return { bytes: line, receivedAt: undefined };
}
