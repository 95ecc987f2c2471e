/**
 * Reads rows written with any Avro schema, as ksqlDB reads them: fields are found by their names, then by their names in
 * upper case; a column without a field is NULL; a field of another type throws. One closure per field is made for each schema.
 */
import { typeText, type DecimalType, type SqlType, type Value } from "../language/types.ts";
import { fitExact } from "../expressions/decimal.ts";
import { readLength, readLong, type Cursor } from "../../topics/avro-bytes.ts";
import type { Schemas } from "../../topics/port.ts";
import { headerLength, schemaIdOf } from "../../topics/wire.ts";
import { OutsideSubset } from "../expressions/typed.ts";
import { avroName } from "./avro-schema.ts";
import { avroType, isDecimal, required, type AvroType, type Kind } from "./avro-type.ts";
import type { Column } from "./sides.ts";

interface Input extends Cursor {
  /** All bytes as Latin-1, once a text has been read: slicing it takes a fraction of the time of a call to the buffer. */
  text: string | undefined;
}

type Read = (input: Input) => Value;
type Skip = (input: Input) => unknown;

/** Columns that are not wanted are null; their bytes are read only if they could make the record unreadable. */
export function avroReader(type: SqlType, schemas: Schemas, wanted?: ReadonlySet<string>): (bytes: Buffer) => Value {
  const readers = new Map<number, Read>();
  const input: Input = { bytes: Buffer.alloc(0), at: 0, text: undefined };
  return (bytes) => {
    const id = schemaIdOf(bytes);
    let read = readers.get(id);
    if (read === undefined) readers.set(id, (read = reader(type, avroType(schemas.byId(id)), "", wanted)));
    input.bytes = bytes;
    input.at = headerLength;
    input.text = undefined;
    const value = read(input);
    if (input.at !== bytes.length) throw new Error(`the record's length differs from what its schema ${id} says`);
    return value;
  };
}

/** How a column of a scalar type reads the writer's types that it accepts. */
const plain: Partial<Record<SqlType["base"], Partial<Record<Kind, Read>>>> = {
  BOOLEAN: { boolean: readBoolean },
  INTEGER: { int: readLong },
  BIGINT: { int: readLong, long: readLong },
  STRING: { string: readString },
};

/** Types that ksqlDB also reads as STRING. */
const texts: readonly Kind[] = ["boolean", "int", "long", "float", "double", "enum"];

/** A type that is not accepted is refused in every record, even if the value is null. */
function reader(type: SqlType, writer: AvroType, path: string, wanted?: ReadonlySet<string>): Read {
  const one = required(writer);
  const read = valueReader(type, one, path, wanted);
  if (read === undefined) {
    const refusal = `an Avro ${one.kind} cannot be read as ${typeText(type)}${path && `, field ${path}`}`;
    return () => {
      throw new Error(refusal);
    };
  }
  if (one === writer) return read;
  const reads = writer.branches.map((branch): Read => (branch === one ? read : () => null));
  return (input) => branchOf(input, reads)(input);
}

function valueReader(type: SqlType, writer: AvroType, path: string, wanted?: ReadonlySet<string>): Read | undefined {
  const { kind } = writer;
  if (type.base === "STRUCT") return kind === "record" ? recordReader(type.fields, writer, path, wanted) : undefined;
  if (type.base === "ARRAY") return kind === "array" ? arrayReader(reader(type.item, writer.item!, path)) : undefined;
  if (type.base === "DECIMAL") return isDecimal(writer) ? decimalReader(type, writer) : undefined;
  if (type.base === "STRING" && texts.includes(kind)) throw new OutsideSubset(`an Avro ${kind} as STRING`);
  return plain[type.base]?.[kind];
}

function recordReader(columns: readonly Column[], writer: AvroType, path: string, wanted?: ReadonlySet<string>): Read {
  const names = columns.map((column) => avroName(column.name));
  const empty: Value[] = columns.map(() => null);
  // If two fields belong to one column the later one counts, as in Connect's translator.
  const targets = writer.fields.map(({ name }) => {
    const exact = names.indexOf(name);
    return exact >= 0 ? exact : names.indexOf(name.toUpperCase());
  });
  const reads = writer.fields.map(({ type }, i): Skip => {
    const column = columns[targets[i]!];
    if (column === undefined) return skipper(type);
    if (wanted?.has(column.name) === false) {
      targets[i] = -1;
      // A scalar of an accepted type is never refused, so it can be skipped.
      if (plain[column.type.base]?.[required(type).kind]) return skipper(type);
    }
    return reader(column.type, type, path === "" ? column.name : `${path}->${column.name}`);
  });
  return (input) => {
    const values = empty.slice();
    for (let i = 0; i < reads.length; i++) {
      const value = reads[i]!(input);
      const target = targets[i]!;
      if (target >= 0) values[target] = value as Value;
    }
    return values;
  };
}

function arrayReader(read: Read): Read {
  return (input) => {
    const items: Value[] = [];
    readBlocks(input, () => items.push(read(input)));
    return items;
  };
}

function decimalReader(type: DecimalType, { kind, size, scale }: AvroType): Read {
  if (scale !== type.scale) {
    throw new OutsideSubset(`an Avro decimal of scale ${scale} as ${typeText(type)}`);
  }
  return (input) => fitExact({ units: readUnits(input, kind === "fixed" ? size : readLength(input)), scale }, type);
}

const sizes: Partial<Record<Kind, number>> = { null: 0, boolean: 1, float: 4, double: 8 };

/** Skips a value of a type. A type that contains itself is registered before its fields. */
function skipper(type: AvroType, known = new Map<AvroType, Skip>()): Skip {
  const { kind } = type;
  const size = kind === "fixed" ? type.size : sizes[kind];
  if (size !== undefined) return (input) => (input.at += size);
  if (kind === "string" || kind === "bytes") return skipText;
  if (kind === "union") {
    const branches = type.branches.map((branch) => skipper(branch, known));
    return (input) => branchOf(input, branches)(input);
  }
  if (kind === "array" || kind === "map") {
    const item = skipper(type.item!, known);
    const entry: Skip = kind === "array" ? item : (input) => (skipText(input), item(input));
    return (input) => readBlocks(input, entry);
  }
  if (kind !== "record") return skipLong;
  const before = known.get(type);
  if (before !== undefined) return before;
  const fields: Skip[] = [];
  const skip: Skip = (input) => {
    for (const field of fields) field(input);
  };
  known.set(type, skip);
  fields.push(...type.fields.map((field) => skipper(field.type, known)));
  return skip;
}

function skipLong(input: Input): void {
  while (input.bytes[input.at++]! > 0x7f);
}

function skipText(input: Input): void {
  const length = readLength(input);
  input.at += length;
}

/** Which of a union's types follows: its index is one byte, doubled, in a union of fewer than 64. */
function branchOf<Of>(input: Input, branches: readonly Of[]): Of {
  return nth(branches, input.bytes[input.at++]! / 2);
}

function nth<Of>(list: readonly Of[], index: number): Of {
  const one = list[index];
  if (one === undefined) throw new Error(`the schema has no branch or symbol ${index}`);
  return one;
}

function readBoolean(input: Input): boolean {
  return input.bytes[input.at++] === 1;
}

function readString(input: Input): string {
  const length = readLength(input);
  const { bytes, at } = input;
  const end = (input.at += length);
  for (let i = at; i < end; i++) if (bytes[i]! > 0x7f) return bytes.toString("utf8", at, end);
  // A long slice keeps all of the text alive that it was cut from, so none is cut from a large record.
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
function readBlocks(input: Input, each: Skip): void {
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
