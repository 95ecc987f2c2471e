/**
 * A record of a topic as every part hands it to the next, and the Confluent wire format of its value:
 * one zero byte, the schema's id in the registry as 4 bytes big-endian, then the Avro body.
 * https://docs.confluent.io/platform/current/schema-registry/fundamentals/serdes-develop/index.html#wire-format
 */

import { UserError } from "../program/command.ts";

export interface TopicRecord {
  readonly offset: number;
  /** Milliseconds since 1970: when it happened, by the exchange's clock. */
  readonly timestamp: number;
  readonly key: Buffer | null;
  /** Null is a tombstone. */
  readonly value: Buffer | null;
}

/** A record and the partition that it is in. */
export interface PlacedRecord extends TopicRecord {
  readonly partition: number;
}

/** Which records of a topic to read. */
export interface ReadOptions {
  /** Of each partition so many at least, the latest ones; Infinity: all. */
  readonly last: number;
  /** Goes on with what comes. */
  readonly follow: boolean;
}

/** Bytes before the Avro body. */
export const headerLength = 5;

/** What avsc's types do: writes a value at an offset; returns where it ends, or how many bytes were missing, negative. */
interface AvroEncoder {
  encode(value: unknown, buffer: Buffer, offset: number): number;
}

/** An encoder of values of one schema into one reused buffer: what it returns is valid until the next call. */
export function wireEncoder(type: AvroEncoder, schemaId: number): (value: object) => Buffer {
  let buffer = newBuffer(4096);
  return (value) => {
    let end = type.encode(value, buffer, headerLength);
    if (end < 0) {
      buffer = newBuffer(buffer.length - end);
      end = type.encode(value, buffer, headerLength);
    }
    return buffer.subarray(0, end);
  };

  function newBuffer(length: number): Buffer {
    const bytes = Buffer.alloc(length);
    bytes.writeInt32BE(schemaId, 1);
    return bytes;
  }
}

/** Nobody knows the schema that a record says it was written with. */
export class UnknownSchema extends Error {}

/** The writer's schema id of a value. Throws UserError if the value is not in the wire format. */
export function schemaIdOf(value: Buffer): number {
  if (value.length < headerLength || value[0] !== 0) {
    throw new UserError(
      `a value of ${value.length} bytes is not in the Confluent wire format (zero byte, schema id, Avro)`,
    );
  }
  return value.readInt32BE(1);
}
