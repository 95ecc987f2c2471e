/** Writes rows with the schema that ksqlDB registers for them (avroSchema), into one buffer that grows and is reused. */
import { decimalText, digitsOf } from "../expressions/decimal.ts";
import { typeText, type DecimalType, type SqlType, type Value } from "../language/types.ts";
import { longestLong, writeLong, writeText } from "../../topics/avro-bytes.ts";
import { headerLength } from "../../topics/wire.ts";

/** Where to write; `at` is the next byte. */
interface Output {
  bytes: Buffer;
  at: number;
}

/** Writes one value, which is not null. */
type Write = (output: Output, value: Value) => void;

/** Writes a value that is not null; what it returns is valid until the next call. */
export function avroWriter(type: SqlType, schemaId: number): (value: Value) => Buffer {
  const output: Output = { bytes: Buffer.alloc(4096), at: 0 };
  const write = writerOf(type);
  return (value) => {
    output.bytes[0] = 0;
    output.bytes.writeInt32BE(schemaId, 1);
    output.at = headerLength;
    write(output, value);
    return output.bytes.subarray(0, output.at);
  };
}

function writerOf(type: SqlType): Write {
  switch (type.base) {
    case "BOOLEAN":
      return (output, value) => writeByte(output, value === true ? 1 : 0);
    case "INTEGER":
    case "BIGINT":
      return (output, value) => putLong(output, value as number | bigint);
    case "STRING":
      return (output, value) => putText(output, value as string);
    case "DECIMAL":
      return (output, value) => writeDecimal(output, BigInt(value as bigint | number), type);
    case "ARRAY": {
      const write = writerOf(type.item);
      return (output, value) => {
        const items = value as readonly Value[];
        if (items.length > 0) putLong(output, items.length);
        for (const one of items) writeOptional(output, write, one);
        writeByte(output, 0);
      };
    }
    case "STRUCT": {
      const writers = type.fields.map((field) => writerOf(field.type));
      return (output, value) => {
        const values = value as readonly Value[];
        for (let i = 0; i < writers.length; i++) writeOptional(output, writers[i]!, values[i]!);
      };
    }
  }
}

/** Writes a value of the union of null and a type: the branch, then the value. */
function writeOptional(output: Output, write: Write, value: Value): void {
  if (value === null) writeByte(output, 0);
  else {
    writeByte(output, 2);
    write(output, value);
  }
}

function reserve(output: Output, length: number): void {
  if (output.at + length <= output.bytes.length) return;
  const larger = Buffer.alloc(2 * (output.at + length));
  output.bytes.copy(larger, 0, 0, output.at);
  output.bytes = larger;
}

function writeByte(output: Output, byte: number): void {
  reserve(output, 1);
  output.bytes[output.at++] = byte;
}

function putLong(output: Output, value: number | bigint): void {
  reserve(output, longestLong);
  output.at = writeLong(output.bytes, output.at, value);
}

function putText(output: Output, text: string): void {
  reserve(output, longestLong + 3 * text.length);
  output.at = writeText(output.bytes, output.at, text);
}

/** The number without its point, in two's complement, as few bytes as hold it: those of BigInteger.toByteArray. */
function writeDecimal(output: Output, units: bigint, type: DecimalType): void {
  if (digitsOf(units) > type.precision) {
    throw new Error(`Numeric field overflow: ${decimalText(units, type.scale)} is beyond ${typeText(type)}`);
  }
  const magnitude = (units < 0n ? -units - 1n : units).toString(16);
  // The highest bit is the sign: if a digit of the number occupies it, one more byte is needed.
  const length = (magnitude.length >> 1) + (magnitude.length % 2 === 1 || magnitude >= "8" ? 1 : 0);
  putLong(output, length);
  reserve(output, length);
  const hex = BigInt.asUintN(8 * length, units).toString(16);
  output.at += output.bytes.write(hex.padStart(2 * length, "0"), output.at, "hex");
}
