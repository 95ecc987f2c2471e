/**
 * The recordings that a data directory holds: of each its session, and of each of its frames a checksum of the lines up
 * to it, so that a file is found to be one of them, or one that has grown, or the beginning of one.
 *
 *     <dir>/<session>    "TAPEREC1", crc32 of what follows (u32 little-endian), then the checksums (u32 little-endian)
 *
 * It is written before the first record of the recording. How far the recording is stored, the log says.
 */
import { closeSync, mkdirSync, openSync, readdirSync, readFileSync, readSync } from "node:fs";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import { UserError } from "../program/command.ts";
import { replaceFile } from "../program/state-file.ts";
import { shortHash, type Recording } from "./recording.ts";

const magic = Buffer.from("TAPEREC1");
const header = magic.length + 4;

/** What a recording is to a data directory. */
interface Place {
  readonly session: string;
  /** How many of its frames are those of a recording that is there; 0: it is another one. */
  readonly shared: number;
}

export class RecordedSessions {
  readonly #dir: string;
  readonly #storedOf: (session: string) => number;

  /** `storedOf` gives the number of a session's last frame of which there is a record, 0 if there is none. */
  constructor(dir: string, storedOf: (session: string) => number) {
    this.#dir = dir;
    this.#storedOf = storedOf;
  }

  /**
   * The session that a recording's frames are to be stored under: that of the recording that it continues, or of which it is
   * the beginning; else a new one. It is known from now on. Throws UserError where what would tell is damaged.
   */
  place({ id, checksums }: Recording): Place {
    mkdirSync(this.#dir, { recursive: true });
    const taken = readdirSync(this.#dir).filter((name) => !name.includes("."));
    let best: Place | undefined;
    for (const session of taken) {
      const before = this.#read(session, checksums[0]);
      const shared = before === undefined ? 0 : sharedLength(before, checksums);
      // Stored frames that it does not have are of another recording; but all of its own may be there.
      const continues = shared === checksums.length || shared >= this.#storedOf(session);
      if (continues && shared > (best?.shared ?? 0)) best = { session, shared };
    }
    const session = best?.session ?? freeName(id, taken);
    // The beginning of a recording leaves what is known of the rest.
    if (best === undefined || best.shared < checksums.length) this.#write(session, checksums);
    return { session, shared: best?.shared ?? 0 };
  }

  /** The checksums of a session that begins with this one; undefined for another. */
  #read(session: string, first: number | undefined): Uint32Array | undefined {
    const path = join(this.#dir, session);
    const start = Buffer.alloc(header + 4);
    const file = openSync(path, "r");
    try {
      readSync(file, start, 0, start.length, 0);
    } finally {
      closeSync(file);
    }
    if (start.subarray(0, magic.length).equals(magic) && start.readUInt32LE(header) !== first) return undefined;
    const bytes = readFileSync(path);
    const body = bytes.subarray(header);
    const intact = magic.equals(bytes.subarray(0, magic.length)) && body.length % 4 === 0;
    if (!intact || bytes.readUInt32LE(magic.length) !== crc32(body)) {
      throw new UserError(
        `${path} is damaged: this may be another recording than the one it describes, and its book changes would be ` +
          "there twice. Delete the file, and start again: trades and numbered events are known by their numbers, and an " +
          "unchanged recording by its name. Or replay into a new data directory.",
      );
    }
    // Copied, since numbers of four bytes must begin at a multiple of four.
    return new Uint32Array(new Uint8Array(body).buffer);
  }

  #write(session: string, checksums: Uint32Array): void {
    const body = Buffer.from(checksums.buffer, checksums.byteOffset, checksums.byteLength);
    const start = Buffer.alloc(header);
    magic.copy(start);
    start.writeUInt32LE(crc32(body), magic.length);
    replaceFile(join(this.#dir, session), Buffer.concat([start, body]));
  }
}

/** A session's own name, or one made of it where another recording has it. */
function freeName(name: string, taken: readonly string[]): string {
  let free = name;
  for (let i = 2; taken.includes(free); i++) free = shortHash(`${name} ${i}`);
  return free;
}

/** How many numbers are the same from the beginning on. */
function sharedLength(one: Uint32Array, other: Uint32Array): number {
  const shorter = Math.min(one.length, other.length);
  for (let i = 0; i < shorter; i++) if (one[i] !== other[i]) return i;
  return shorter;
}
