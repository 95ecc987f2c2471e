/**
 * Where the tape in a log ends. A file beside the log has what was known when it was written, and up to which offsets;
 * what is stored since is read from the log, which is the truth: without the file all of it.
 */
import { rmSync } from "node:fs";
import avsc from "avsc";
import { UserError } from "../../program/command.ts";
import { headerLength, schemaIdOf } from "../../topics/wire.ts";
import { readState, writeState } from "../../program/state-file.ts";
import { Continuity, type Tape } from "./continuity.ts";
import type { Log } from "../../topics/log/log.ts";

interface Saved {
  /** Of each partition the offset after the last event that the tape has. */
  readonly offsets: readonly number[];
  readonly tape: Tape;
}

const topic = "coinbase_full";

/** How much of a partition is read at a time. */
const stepBytes = 1024 * 1024;

/**
 * The tape in a log; `full` says that it is of the full channel. It costs a second for about a million events that are
 * stored since the file was written.
 */
export function readTape(log: Log, file: string, full: boolean): Tape {
  const partitions = log.partitions(topic);
  const saved = read(file);
  // Sequences say nothing about trades, nor these about sequences; and a log that is shorter has lost what the file tells of.
  const holds =
    saved?.tape.numbers === (full ? "sequence" : "trade_id") &&
    saved.offsets.length === partitions.length &&
    saved.offsets.every((at, i) => at <= partitions[i]!.end);
  // Once the log has grown again, it would no longer show that it was shorter.
  if (!holds) rmSync(file, { force: true });
  const continuity = new Continuity(
    full,
    () => {},
    () => {},
    holds ? saved.tape : undefined,
  );
  const decode = numbersOf(log);
  for (const [i, partition] of partitions.entries())
    for (let from = holds ? saved.offsets[i]! : 0; from < partition.end;) {
      const records = partition.read(from, stepBytes);
      if (records.length === 0) break;
      for (const { key, value } of records) {
        if (key === null || value === null) continue;
        const { type, sequence, trade_id } = decode(value);
        continuity.replay(type, key.toString(), sequence, trade_id);
      }
      from = records.at(-1)!.offset + 1;
    }
  return continuity.tape;
}

/** Keeps what has come by now, with everything that was sent stored. Throws what the file system refuses. */
export async function writeTape(log: Log, file: string, continuity: Continuity): Promise<void> {
  const flushed = log.flush();
  const offsets = log.partitions(topic).map(({ end }) => end);
  const { tape } = continuity;
  await flushed;
  writeState(file, { offsets, tape } satisfies Saved);
}

/** Undefined where there is none, or it does not hold what it should: then the log tells all. */
function read(file: string): Saved | undefined {
  try {
    return readState(file, isSaved, "");
  } catch (error) {
    if (error instanceof UserError) return undefined;
    throw error;
  }
}

const isWhole = (value: unknown) => Number.isSafeInteger(value) && (value as number) >= 0;

function isSaved(value: unknown): value is Saved {
  const { offsets, tape } = value as Partial<Saved>;
  if (!Array.isArray(offsets) || !offsets.every(isWhole) || typeof tape !== "object" || tape === null) return false;
  const { numbers, products, missed, late } = tape as Partial<Tape>;
  const isTape = (numbers === "sequence" || numbers === "trade_id") && isWhole(missed) && isWhole(late);
  return isTape && typeof products === "object" && products !== null && Object.values(products).every(isOfProduct);
}

function isOfProduct(value: unknown): boolean {
  const { last, holes, trade } = (value ?? {}) as Partial<Tape["products"][string]>;
  const isHole = (hole: unknown) => Array.isArray(hole) && hole.length === 2 && hole.every(isWhole);
  return isWhole(last) && isWhole(trade) && Array.isArray(holes) && holes.every(isHole);
}

interface Numbers {
  readonly type: string;
  readonly sequence: number | null;
  readonly trade_id: number | null;
}

/** Reads of a stored event what continuity goes by. */
function numbersOf(log: Log): (value: Buffer) => Numbers {
  const readers = new Map<number, (value: Buffer) => Numbers>();
  return (value) => {
    const id = schemaIdOf(value);
    let reader = readers.get(id);
    if (reader === undefined) readers.set(id, (reader = readerOf(log.schemas.byId(id) as avsc.Schema)));
    return reader(value);
  };
}

function readerOf(schema: avsc.Schema): (value: Buffer) => Numbers {
  const writer = avsc.Type.forSchema(schema);
  const integer = { type: ["null", "long"], default: null } as const;
  const numbers = avsc.Type.forSchema({
    type: "record",
    name: writer.name!,
    fields: [
      { name: "type", type: "string" },
      { name: "sequence", ...integer },
      { name: "trade_id", ...integer },
    ],
  } as unknown as avsc.Schema);
  const resolver = numbers.createResolver(writer);
  return (value) => numbers.fromBuffer(value.subarray(headerLength), resolver, true) as Numbers;
}
