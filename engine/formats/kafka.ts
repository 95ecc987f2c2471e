/** KAFKA: one column as Kafka's own serializers write it. */
import { bigint, type SqlType, type Value } from "../language/types.ts";

/** Throws where a number has another length. */
export function kafkaReader({ base }: SqlType): (bytes: Buffer) => Value {
  const length = lengths[base];
  return (bytes) => {
    if (length !== undefined && bytes.length !== length) {
      throw new Error(`a ${base} of the format KAFKA has ${length} bytes, not ${bytes.length}`);
    }
    if (base === "INTEGER") return bytes.readInt32BE();
    if (base === "BIGINT") return bigint(bytes.readBigInt64BE());
    return base === "DOUBLE" ? bytes.readDoubleBE() : bytes.toString("utf8");
  };
}

const lengths: Partial<Record<SqlType["base"], number>> = { INTEGER: 4, BIGINT: 8, DOUBLE: 8 };

/** Writes a value that is not null. */
export function kafkaWriter({ base }: SqlType): (value: Value) => Buffer {
  return (value) => {
    if (base === "STRING") return Buffer.from(value as string);
    const bytes = Buffer.alloc(lengths[base]!);
    if (base === "INTEGER") bytes.writeInt32BE(value as number);
    else if (base === "BIGINT") bytes.writeBigInt64BE(BigInt(value as number | bigint));
    else bytes.writeDoubleBE(value as number);
    return bytes;
  };
}
