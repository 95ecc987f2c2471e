/**
 * Reads rows written with any Avro schema, as ksqlDB reads them: fields are found by their names, then by their names in
 * upper case; a column without a field is NULL; what has another type throws. One closure a field is made per schema.
 */
import { bigint, type SqlType, type Value } from "../language/types.ts";
import { fitExact } from "../expressions/decimal.ts";
import { doubleText, floatText } from "../expressions/double.ts";
import { headerLength, schemaIdOf } from "../../schemas/wire.ts";
import { avroName } from "./avro-schema.ts";
import { avroType, isDecimal, optional, type AvroType, type Kind } from "./avro-type.ts";
import type { Column, Deserialize, Schemas, Side } from "./format.ts";

/** Where to read; `at` is the next byte. It may run past the end, where bytes are zero: that is looked at afterwards. */
interface Input {
  bytes: Buffer;
  at: number;
  /** All bytes as Latin-1, once a text is read: a piece of it is made in a fraction of the time of a call to the buffer. */
  text: string | undefined;
}

type Read = (input: Input) => Value;

/** Columns that are not wanted are null; their bytes are looked at only where they could make the record unreadable. */
export function avroDeserializer(side: Side, schemas: Schemas, wanted?: ReadonlySet<string>): Deserialize {
  const readers = new Map<number, Read>();
  const input: Input = { bytes: Buffer.alloc(0), at: 0, text: undefined };
  return (bytes) => {
    const id = schemaIdOf(bytes);
    let read = readers.get(id);
    if (read === undefined) readers.set(id, (read = readerOf(avroType(schemas.byId(id)))));
    input.bytes = bytes;
    input.at = headerLength;
    input.text = undefined;
    const value = read(input);
    if (input.at !== bytes.length) throw new Error(`the record does not end where its schema ${id} says`);
    if (side.unwrapped) return [value];
    return value as Value[] | null;
  };

  function readerOf(writer: AvroType): Read {
    const [only] = side.columns;
    if (side.unwrapped) return reader(only!.type, writer, "");
    const type = { base: "STRUCT" as const, fields: side.columns };
    return reader(type, writer, "", wanted);
  }
}

/** What Connect calls the types, which its messages name. */
const connectTypes = {
  ...{ BOOLEAN: "boolean", INTEGER: "int32", BIGINT: "int64", TIMESTAMP: "int64", DOUBLE: "float64", STRING: "string" },
  ...{ DECIMAL: "bytes", ARRAY: "array", MAP: "map", STRUCT: "struct" },
  ...{ boolean: "boolean", int: "int32", long: "int64", float: "float32", double: "float64", string: "string" },
  ...{ bytes: "bytes", fixed: "bytes", enum: "string", array: "array", map: "map", record: "struct", union: "struct" },
  null: "null",
} satisfies Record<SqlType["base"] | Kind, string>;

/** The types of a writer that a column takes. */
const accepted: Readonly<Record<SqlType["base"], readonly Kind[]>> = {
  BOOLEAN: ["boolean"],
  INTEGER: ["int"],
  BIGINT: ["int", "long"],
  TIMESTAMP: ["int", "long"],
  DOUBLE: ["float", "double"],
  STRING: ["string", "enum", "int", "long", "float", "double", "boolean"],
  DECIMAL: ["bytes", "fixed"],
  ARRAY: ["array"],
  MAP: ["map"],
  STRUCT: ["record"],
};

function accepts(type: SqlType, writer: AvroType): boolean {
  return accepted[type.base].includes(writer.kind) && (type.base !== "DECIMAL" || isDecimal(writer));
}

function reader(type: SqlType, writer: AvroType, path: string, wanted?: ReadonlySet<string>): Read {
  if (writer.kind === "union") return unionReader(type, writer, path, wanted);
  if (!accepts(type, writer)) return mismatch(type, writer, path);
  switch (type.base) {
    case "BOOLEAN":
      return readBoolean;
    case "INTEGER":
    case "BIGINT":
      return readLong;
    case "TIMESTAMP":
      return (input) => Number(readLong(input));
    case "DOUBLE":
      return writer.kind === "float" ? readFloat : readDouble;
    case "STRING":
      return textReader(writer);
    case "DECIMAL":
      return (input) => {
        const length = writer.kind === "fixed" ? writer.size : readCount(input);
        return fitExact({ units: readUnits(input, length), scale: writer.scale }, type);
      };
    case "ARRAY": {
      const read = reader(type.item, writer.item!, `${path}->ARRAY`);
      return (input) => {
        const items: Value[] = [];
        readBlocks(input, () => items.push(read(input)));
        return items;
      };
    }
    case "MAP": {
      const read = reader(type.value, writer.item!, `${path}->MAP_VAL`);
      return (input) => {
        const entries = new Map<string, Value>();
        readBlocks(input, () => entries.set(readString(input), read(input)));
        return entries;
      };
    }
    case "STRUCT":
      return recordReader(type.fields, writer, path, wanted);
  }
}

function mismatch(type: SqlType, writer: AvroType, path: string): Read {
  const [from, to] = [connectTypes[writer.kind], connectTypes[type.base]];
  return () => {
    throw new Error(`Cannot deserialize type ${from} as type ${to} for path: ${path}`);
  };
}

/** Null and one other type, in either order; that type is refused here already, as it is where every value is null. */
function unionReader(type: SqlType, writer: AvroType, path: string, wanted?: ReadonlySet<string>): Read {
  const only = optional(writer);
  if (only === undefined || !accepts(type, only)) return mismatch(type, only ?? writer, path);
  const read = reader(type, only, path, wanted);
  const reads = writer.branches.map((branch): Read => (branch === only ? read : () => null));
  return (input) => branchOf(input, reads)(input);
}

/** Which of a union's types follows: its index is one byte, doubled, in any union of less than 64. */
function branchOf<Of>(input: Input, branches: readonly Of[]): Of {
  const index = input.bytes[input.at++]!;
  const branch = (index & 1) === 0 ? branches[index >> 1] : undefined;
  if (branch === undefined) throw new Error(`a union has no type ${index / 2}`);
  return branch;
}

function recordReader(columns: readonly Column[], writer: AvroType, path: string, wanted?: ReadonlySet<string>): Read {
  const names = columns.map((column) => avroName(column.name));
  const empty: Value[] = columns.map(() => null);
  // Where two fields are of one column the later one counts, as in Connect's translator.
  const targets = writer.fields.map(({ name }) => {
    const exact = names.indexOf(name);
    return exact >= 0 ? exact : names.indexOf(name.toUpperCase());
  });
  const reads = writer.fields.map(({ type }, i): Read => {
    const column = columns[targets[i]!];
    if (column === undefined) return skipper(type);
    const of = `${path}->${column.name}`;
    if (wanted === undefined || wanted.has(column.name)) return reader(column.type, type, of);
    targets[i] = -1;
    return isScalar(column.type) && accepts(column.type, optional(type) ?? type)
      ? skipper(type)
      : reader(column.type, type, of);
  });
  return (input) => {
    const values = empty.slice();
    for (let i = 0; i < reads.length; i++) {
      const value = reads[i]!(input);
      const target = targets[i]!;
      if (target >= 0) values[target] = value;
    }
    return values;
  };
}

/** Once the writer's type is accepted no value of it is refused. */
function isScalar(type: SqlType): boolean {
  return type.base !== "DECIMAL" && type.base !== "ARRAY" && type.base !== "MAP" && type.base !== "STRUCT";
}

function textReader(writer: AvroType): Read {
  if (writer.kind !== "enum") return textReaders[writer.kind] ?? readString;
  return (input) => {
    const symbol = writer.symbols[readCount(input)];
    if (symbol === undefined) throw new Error("an enum has no such symbol");
    return symbol;
  };
}

/** As Java's String.valueOf. */
const textReaders: Partial<Record<Kind, Read>> = {
  boolean: (input) => String(readBoolean(input)),
  int: (input) => String(readLong(input)),
  long: (input) => String(readLong(input)),
  float: (input) => floatText(readFloat(input)),
  double: (input) => doubleText(readDouble(input)),
};

function readBoolean(input: Input): boolean {
  return input.bytes[input.at++] === 1;
}

function readFloat(input: Input): number {
  const value = input.bytes.readFloatLE(input.at);
  input.at += 4;
  return value;
}

function readDouble(input: Input): number {
  const value = input.bytes.readDoubleLE(input.at);
  input.at += 8;
  return value;
}

/** Zigzag and seven bits a byte. Up to 56 bits are put together without a bigint: 28 below, 28 above. */
function readLong(input: Input): number | bigint {
  const { bytes } = input;
  const start = input.at;
  let at = start;
  let byte = bytes[at++]!;
  let low = byte & 0x7f;
  for (let shift = 7; byte > 0x7f && shift < 28; shift += 7) low |= ((byte = bytes[at++]!) & 0x7f) << shift;
  let size = low >>> 1;
  if (byte > 0x7f) {
    let high = 0;
    for (let shift = 0; byte > 0x7f && shift < 28; shift += 7) high |= ((byte = bytes[at++]!) & 0x7f) << shift;
    size += high * 0x8000000;
    if (byte > 0x7f || size >= Number.MAX_SAFE_INTEGER) return readHuge(input);
  }
  input.at = at;
  return (low & 1) === 0 ? size : -size - 1;
}

function readHuge(input: Input): number | bigint {
  let bits = 0n;
  for (let shift = 0n; shift < 70n; shift += 7n) {
    const byte = input.bytes[input.at++] ?? 0;
    bits |= BigInt(byte & 0x7f) << shift;
    if (byte < 0x80) return bigint(BigInt.asIntN(64, (bits >> 1n) ^ -(bits & 1n)));
  }
  throw new Error("a long has more than ten bytes");
}

/** A number of bytes, items or the like, which can not be more than the record has bytes. */
function readCount(input: Input): number {
  const count = readLong(input);
  if (count < 0 || count > input.bytes.length) throw new Error(`a length of ${count} is beyond the record's bytes`);
  return count as number;
}

function readString(input: Input): string {
  const length = readCount(input);
  const { bytes, at } = input;
  const end = (input.at += length);
  for (let i = at; i < end; i++) if (bytes[i]! > 0x7f) return bytes.toString("utf8", at, end);
  // A long piece keeps all of the text that it was cut from, hence not from a large record.
  if (length > 12 && bytes.length > 1024) return bytes.toString("latin1", at, end);
  input.text ??= bytes.toString("latin1");
  return input.text.slice(at, end);
}

/** A whole number in two's complement, the highest byte first. */
function readUnits(input: Input, length: number): bigint {
  const { bytes, at } = input;
  const end = (input.at += length);
  if (end > bytes.length) throw new Error("a decimal is beyond the record's end");
  if (length === 0) return 0n;
  if (length <= 6) return BigInt(bytes.readIntBE(at, length));
  return BigInt.asIntN(8 * length, BigInt(`0x${bytes.toString("hex", at, end)}`));
}

/** The items of an array or a map: blocks until an empty one. A negative count is followed by the block's size in bytes. */
function readBlocks(input: Input, each: (input: Input) => unknown): void {
  for (;;) {
    let count = readLong(input);
    if (count < 0) {
      count = -count;
      readLong(input);
    }
    if (count > input.bytes.length) throw new Error(`${count} items are beyond the record's bytes`);
    if (count === 0) return;
    for (let i = 0; i < count; i++) each(input);
  }
}

/** Passes over a value of a type. Types that contain themselves are made when they are first met. */
function skipper(type: AvroType, known = new Map<AvroType, Read>()): Read {
  const of = (inner: AvroType) => skipper(inner, known);
  switch (type.kind) {
    case "null":
      return () => null;
    case "boolean":
      return skipBytes(1);
    case "int":
    case "long":
    case "enum":
      return (input) => {
        while (input.bytes[input.at++]! > 0x7f);
        return null;
      };
    case "float":
      return skipBytes(4);
    case "double":
      return skipBytes(8);
    case "fixed":
      return skipBytes(type.size);
    case "string":
    case "bytes":
      return skipText;
    case "array": {
      const skip = of(type.item!);
      return (input) => (readBlocks(input, skip), null);
    }
    case "map": {
      const skip = of(type.item!);
      return (input) => (readBlocks(input, () => (skipText(input), skip(input))), null);
    }
    case "union": {
      const skips = type.branches.map(of);
      return (input) => branchOf(input, skips)(input);
    }
    case "record": {
      const before = known.get(type);
      if (before !== undefined) return before;
      const skips: Read[] = [];
      const skip: Read = (input) => {
        for (const one of skips) one(input);
        return null;
      };
      known.set(type, skip);
      skips.push(...type.fields.map((field) => of(field.type)));
      return skip;
    }
  }
}

function skipText(input: Input): null {
  const length = readCount(input);
  input.at += length;
  return null;
}

function skipBytes(count: number): Read {
  return (input) => {
    input.at += count;
    return null;
  };
}
