/**
 * A recording as a source: one frame a line, after `<unix seconds> `, after `YYYY-MM-DD hh:mm:ss,mmm `, or bare;
 * gzipped or not. A line's stamp is its receive time, taken as UTC.
 */
import { createHash } from "node:crypto";
import { createReadStream, statSync } from "node:fs";
import { open } from "node:fs/promises";
import { createGunzip } from "node:zlib";
import { UserError } from "../command.ts";
import { parseObject, timeOf } from "./decode/decode.ts";
import { startOf } from "./decode/latest.ts";
import { lastTime, parseSeconds, parseTime } from "./decode/time.ts";
import type { Frame, Session, Source } from "./frame.ts";

/** The longest line: more than any message of the exchange. Without a limit a file of another kind would fill memory. */
const longestLine = 64 * 1024 * 1024;

const byteOrderMark = Buffer.from([0xef, 0xbb, 0xbf]);

/** Among so many first lines one must hold a message, or the file is of another kind. */
const probedLines = 1000;

export interface Recording extends Source {
  /** Microseconds since 1970: the first time of the exchange in it; 0 where there is none. */
  readonly startsAt: number;
}

/**
 * Reads the file once for what must be known before its first frame: that it is a recording, a hash of its lines (its
 * session: the same recording gives the same rows), and the first time of the exchange, for lines without a stamp.
 * Throws UserError when it can not be read, is empty or of another kind.
 */
export async function openRecording(path: string): Promise<Recording> {
  const hash = createHash("sha256");
  let lines = 0;
  let messages = 0;
  const times: number[] = [];
  for await (const batch of readLines(path)) {
    for (const line of batch) {
      hash.update(line).update("\n");
      lines++;
      if (times.length < 3 || lines <= probedLines) {
        const message = parseObject(split(line).bytes.toString());
        if (typeof message?.["type"] === "string") messages++;
        const time = message && timeOf(message);
        if (time !== undefined && time >= 0 && time <= lastTime) times.push(time);
      }
      if (lines === probedLines && messages === 0) throw notARecording(path);
    }
  }
  if (lines === 0) throw new UserError(`${path} is empty: a recording has one frame of the exchange a line.`);
  if (messages === 0) throw notARecording(path);

  const id = hash.digest("hex").slice(0, 16);
  const session: Session = { id, live: false, startsAt: startOf(times) ?? 0 };
  return {
    id,
    startsAt: session.startsAt,
    async *batches(signal) {
      let number = 0;
      for await (const batch of readLines(path)) {
        if (signal.aborted) return;
        const frames: Frame[] = [];
        for (const line of batch) {
          // What has been written since the first reading is not of this session.
          if (number === lines) break;
          number++;
          if (line.length > 0) frames.push({ ...split(line), number });
        }
        yield { session, frames };
      }
    },
  };
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

/** The lines of a file, gunzipped where it is gzipped, in batches of about 64 KiB; without their ends, empty ones too. */
async function* readLines(path: string): AsyncGenerator<Buffer[]> {
  let rest: Buffer[] = [];
  let restLength = 0;
  let first = true;
  try {
    for await (const chunk of await openStream(path)) {
      const bytes = chunk as Buffer;
      const lines: Buffer[] = [];
      // Some editors put a byte order mark before the text.
      let start = first && bytes.subarray(0, 3).equals(byteOrderMark) ? 3 : 0;
      first = false;
      for (let end = bytes.indexOf(10, start); end !== -1; end = bytes.indexOf(10, start)) {
        const line = bytes.subarray(start, end);
        lines.push(trimReturn(rest.length === 0 ? line : Buffer.concat([...rest, line])));
        rest = [];
        restLength = 0;
        start = end + 1;
      }
      if (start < bytes.length) {
        rest.push(bytes.subarray(start));
        restLength += bytes.length - start;
        if (restLength > longestLine) throw notARecording(path);
      }
      if (lines.length > 0) yield lines;
    }
  } catch (error) {
    if (error instanceof UserError) throw error;
    throw new UserError(`can not read ${path}: ${(error as Error).message}. Name a recording that can be read.`, {
      cause: error,
    });
  }
  if (rest.length > 0) yield [trimReturn(Buffer.concat(rest))];
}

async function openStream(path: string): Promise<AsyncIterable<unknown>> {
  if (!statSync(path).isFile()) throw new UserError(`${path} is not a file.`);
  const file = await open(path);
  const { buffer, bytesRead } = await file.read(Buffer.alloc(2), 0, 2, 0);
  await file.close();
  const gzipped = bytesRead === 2 && buffer[0] === 0x1f && buffer[1] === 0x8b;
  const stream = createReadStream(path);
  if (!gzipped) return stream;
  const gunzip = createGunzip();
  // `pipe` forwards no errors: a read error must end the reading too.
  stream.on("error", (error) => gunzip.destroy(error));
  return stream.pipe(gunzip);
}

function trimReturn(line: Buffer): Buffer {
  return line[line.length - 1] === 13 ? line.subarray(0, -1) : line;
}
