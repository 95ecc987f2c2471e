/**
 * A record of a topic as every part hands it to the next, and the Confluent wire format of its value:
 * one zero byte, the schema's id in the registry as 4 bytes big-endian, then the Avro body.
 * https://docs.confluent.io/platform/current/schema-registry/fundamentals/serdes-develop/index.html#wire-format
 */

export interface TopicRecord {
  readonly offset: number;
  /** Milliseconds since 1970: when it happened, by the exchange's clock. */
  readonly timestamp: number;
  readonly key: Buffer | null;
  /** Null is a tombstone. */
  readonly value: Buffer | null;
}

/** Bytes before the Avro body. */
export const headerLength = 5;

export function writeHeader(buffer: Buffer, schemaId: number, at = 0): void {
  buffer[at] = 0;
  buffer.writeInt32BE(schemaId, at + 1);
}

/** The writer's schema id of a value. Throws if the value is not in the wire format. */
export function schemaIdOf(value: Buffer): number {
  if (value.length < headerLength || value[0] !== 0) {
    throw new Error(
      `a value of ${value.length} bytes is not in the Confluent wire format (zero byte, schema id, Avro)`,
    );
  }
  return value.readInt32BE(1);
}
