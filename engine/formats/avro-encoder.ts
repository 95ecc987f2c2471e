/** Writes rows with the schema that ksqlDB registers for them (avroSchema), into one buffer that grows and is used again. */
import { decimalText, digitsOf } from "../expressions/decimal.ts";
import { typeText, type DecimalType, type SqlType, type Value } from "../language/types.ts";
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
    case "TIMESTAMP":
      return (output, value) => writeLong(output, value as number | bigint);
    case "DOUBLE":
      return (output, value) => {
        reserve(output, 8);
        output.at = output.bytes.writeDoubleLE(value as number, output.at);
      };
    case "STRING":
      return (output, value) => writeString(output, value as string);
    case "DECIMAL":
      return (output, value) => writeDecimal(output, BigInt(value as bigint | number), type);
    case "ARRAY": {
      const write = writerOf(type.item);
      return (output, value) => {
        const items = value as readonly Value[];
        if (items.length > 0) writeLong(output, items.length);
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
    case "MAP":
      throw new Error("the format AVRO does not support the type MAP");
  }
}

/** The union of null and a type: which of both, and the value. */
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

/** Zigzag and seven bits a byte. A double has no bit operations beyond 32 bits, so its lowest 28 bits go first. */
function writeLong(output: Output, value: number | bigint): void {
  reserve(output, 10);
  const { bytes } = output;
  let { at } = output;
  let rest: number;
  if (typeof value === "bigint") {
    let bits = BigInt.asUintN(64, (value << 1n) ^ (value >> 63n));
    for (; bits > 0x7fffffffn; bits >>= 7n) bytes[at++] = Number(bits & 0x7fn) | 0x80;
    rest = Number(bits);
  } else {
    const negative = value < 0 ? 1 : 0;
    const size = negative === 1 ? -value - 1 : value;
    const high = Math.floor(size / 0x8000000);
    rest = ((size & 0x7ffffff) << 1) | negative;
    if (high > 0) {
      for (let i = 0; i < 4; i++, rest >>>= 7) bytes[at++] = (rest & 0x7f) | 0x80;
      rest = high;
    }
  }
  for (; rest > 0x7f; rest >>>= 7) bytes[at++] = (rest & 0x7f) | 0x80;
  bytes[at++] = rest;
  output.at = at;
}

function writeString(output: Output, text: string): void {
  if (text.length < 64 && writeShort(output, text)) return;
  const size = Buffer.byteLength(text);
  writeLong(output, size);
  reserve(output, size);
  output.at += output.bytes.write(text, output.at, "utf8");
}

/** A call into the buffer costs more than a short text. False where the text is not ASCII. */
function writeShort(output: Output, text: string): boolean {
  const { length } = text;
  reserve(output, length + 1);
  const { bytes, at } = output;
  for (let i = 0; i < length; i++) {
    const code = text.charCodeAt(i);
    if (code > 0x7f) return false;
    bytes[at + 1 + i] = code;
  }
  bytes[at] = 2 * length;
  output.at = at + 1 + length;
  return true;
}

/** The number without its point, in two's complement, as few bytes as hold it: those of BigInteger.toByteArray. */
function writeDecimal(output: Output, units: bigint, type: DecimalType): void {
  if (digitsOf(units) > type.precision) {
    throw new Error(`Numeric field overflow: ${decimalText(units, type.scale)} is beyond ${typeText(type)}`);
  }
  const magnitude = (units < 0n ? -units - 1n : units).toString(16);
  // The highest bit is the sign: where a digit of the number occupies it one more byte is needed.
  const length = (magnitude.length >> 1) + (magnitude.length % 2 === 1 || magnitude >= "8" ? 1 : 0);
  writeLong(output, length);
  reserve(output, length);
  const hex = BigInt.asUintN(8 * length, units).toString(16);
  output.at += output.bytes.write(hex.padStart(2 * length, "0"), output.at, "hex");
}
