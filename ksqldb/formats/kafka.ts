/** KAFKA: one column as Kafka's own serializers write it. */
import { bigint, type SqlType, type Value } from "../language/types.ts";
import type { Deserialize, Serialize, Side } from "./format.ts";

export function kafkaDeserializer(side: Side): Deserialize {
  const type = side.columns[0]!.type.base;
  const length = lengths[type];
  return (bytes) => {
    if (length !== undefined && bytes.length !== length) {
      throw new Error(`a ${type} of the format KAFKA has ${length} bytes, not ${bytes.length}`);
    }
    return [read(bytes, type)];
  };
}

const lengths: Partial<Record<SqlType["base"], number>> = { INTEGER: 4, BIGINT: 8, DOUBLE: 8 };

function read(bytes: Buffer, type: SqlType["base"]): Value {
  if (type === "INTEGER") return bytes.readInt32BE();
  if (type === "BIGINT") return bigint(bytes.readBigInt64BE());
  if (type === "DOUBLE") return bytes.readDoubleBE();
  return bytes.toString("utf8");
}

export function kafkaSerializer(side: Side): Serialize {
  const type = side.columns[0]!.type.base;
  return ([value]) => {
    if (value === null || value === undefined) return null;
    if (type === "STRING") return Buffer.from(value as string);
    const bytes = Buffer.alloc(type === "INTEGER" ? 4 : 8);
    if (type === "INTEGER") bytes.writeInt32BE(value as number);
    else if (type === "BIGINT") bytes.writeBigInt64BE(BigInt(value as number | bigint));
    else bytes.writeDoubleBE(value as number);
    return bytes;
  };
}
