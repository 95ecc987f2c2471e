/** The lines of a file, gunzipped where it is gzipped. */
import { createReadStream, statSync } from "node:fs";
import { open } from "node:fs/promises";
import { constants, createGunzip } from "node:zlib";
import { UserError } from "../program/command.ts";

/** The longest line: more than any message of the exchange. Without a limit a file of another kind would fill memory. */
const longestLine = 64 * 1024 * 1024;

const byteOrderMark = Buffer.from([0xef, 0xbb, 0xbf]);

export interface Lines {
  /** Without their ends; empty ones too. */
  readonly lines: readonly Buffer[];
  /** False for what stands after the last line end: a last line without one, or the beginning of a line. */
  readonly ended: boolean;
}

/** A file that could be read up to a point: `cutOff` says that its compressed data end too early. */
export class UnreadableFile extends UserError {
  readonly cutOff: boolean;

  constructor(path: string, cause: Error) {
    super(`cannot read ${path}: ${cause.message}. Name a recording that can be read.`, { cause });
    this.cutOff = (cause as NodeJS.ErrnoException).code === "Z_BUF_ERROR";
  }
}

/** A line is longer than any message: the file is of another kind. */
export class LineTooLong extends Error {}

/**
 * The lines of a file in batches of about 64 KiB. Throws UnreadableFile; with `asFarAs` compressed data that end too early
 * just end.
 */
export async function* readLines(path: string, asFarAs: "whole" | "possible"): AsyncGenerator<Lines> {
  let rest: Buffer[] = [];
  let restLength = 0;
  let first = true;
  try {
    for await (const chunk of await openStream(path, asFarAs)) {
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
        if (restLength > longestLine) throw new LineTooLong();
      }
      if (lines.length > 0) yield { lines, ended: true };
    }
  } catch (error) {
    if (error instanceof UserError || error instanceof LineTooLong) throw error;
    throw new UnreadableFile(path, error as Error);
  }
  if (rest.length > 0) yield { lines: [trimReturn(Buffer.concat(rest))], ended: false };
}

async function openStream(path: string, asFarAs: "whole" | "possible"): Promise<AsyncIterable<unknown>> {
  if (!statSync(path).isFile()) throw new UserError(`${path} is not a file.`);
  const file = await open(path);
  const { buffer, bytesRead } = await file.read(Buffer.alloc(2), 0, 2, 0);
  await file.close();
  const gzipped = bytesRead === 2 && buffer[0] === 0x1f && buffer[1] === 0x8b;
  const stream = createReadStream(path);
  if (!gzipped) return stream;
  const { Z_FINISH, Z_SYNC_FLUSH } = constants;
  const gunzip = createGunzip({ finishFlush: asFarAs === "whole" ? Z_FINISH : Z_SYNC_FLUSH });
  // `pipe` forwards no errors: a read error must end the reading too.
  stream.on("error", (error) => gunzip.destroy(error));
  return stream.pipe(gunzip);
}

function trimReturn(line: Buffer): Buffer {
  return line[line.length - 1] === 13 ? line.subarray(0, -1) : line;
}
