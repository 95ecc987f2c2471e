/**
 * The Confluent wire format of a record's value: one zero byte, the schema's id in the registry as 4 bytes big-endian, then
 * the Avro body.
 * https://docs.confluent.io/platform/current/schema-registry/fundamentals/serdes-develop/index.html#wire-format
 */

import { UserError } from "../program/command.ts";

/** Bytes before the Avro body. */
export const headerLength = 5;

/** As avsc's types: writes a value at an offset; returns where it ends, or the number of missing bytes, negated. */
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

/** The writer's schema id of a value. Throws UserError if the value is not in the wire format. */
export function schemaIdOf(value: Buffer): number {
  if (value.length < headerLength || value[0] !== 0) {
    throw new UserError(
      `a value of ${value.length} bytes is not in the Confluent wire format (zero byte, schema id, Avro)`,
    );
  }
  return value.readInt32BE(1);
}
