import avsc from "avsc";
import { describe, expect, it } from "vitest";
import { OutsideSubset } from "../../engine/expressions/typed.ts";
import { avroReader } from "../../engine/formats/avro-decoder.ts";
import { avroWriter } from "../../engine/formats/avro-encoder.ts";
import { avroSchema } from "../../engine/formats/avro-schema.ts";
import { keyReader, rootOf, type ValueSide } from "../../engine/formats/sides.ts";
import * as T from "../../engine/language/types.ts";
import type { Schemas } from "../../topics/port.ts";

function sideOf(columns: Readonly<Record<string, T.SqlType>>): ValueSide {
  return { columns: Object.entries(columns).map(([name, type]) => ({ name, type })), schemaName: "a.b.C" };
}

/** A registry in which schemas have the ids 1, 2 and so on. */
function newSchemas(...schemas: object[]): Schemas {
  return { byId: (id) => schemas[id - 1]!, idOf: (_, schema) => schemas.push(schema) };
}

const reader = (side: ValueSide, schemas: Schemas, wanted?: ReadonlySet<string>) =>
  avroReader(rootOf(side), schemas, wanted);

/** Writes values of a side, whose schema has the id 1. */
const writer = (side: ValueSide) => avroWriter(rootOf(side), 1);

/** avsc, an Avro implementation of its own, with longs as bigints. */
const long = avsc.types.LongType["__with"]({
  fromBuffer: (buffer: Buffer) => buffer.readBigInt64LE(),
  toBuffer: (value: bigint) => {
    const bytes = Buffer.alloc(8);
    bytes.writeBigInt64LE(value);
    return bytes;
  },
  fromJSON: (value: number) => BigInt(value),
  toJSON: (value: bigint) => Number(value),
  isValid: (value: unknown) => typeof value === "bigint",
  compare: (a: bigint, b: bigint) => (a < b ? -1 : a > b ? 1 : 0),
});

function typeOf(schema: object | string): avsc.Type {
  return avsc.Type.forSchema(schema as avsc.Schema, { typeHook });
}

function typeHook(schema: unknown): avsc.Type | undefined {
  return schema === "long" || (schema as { type: unknown }).type === "long" ? long : undefined;
}

/** What a real serializer writes: a zero byte, the id 1, Avro. */
function written(schema: object, value: unknown): Buffer {
  return Buffer.concat([Buffer.from([0, 0, 0, 0, 1]), typeOf(schema).toBuffer(value)]);
}

function read(columns: Parameters<typeof sideOf>[0], schema: object, value: unknown, wanted?: string[]): T.Value[] {
  const wantedSet = wanted && new Set(wanted);
  return reader(sideOf(columns), newSchemas(schema), wantedSet)(written(schema, value)) as T.Value[];
}

function record(...fields: [name: string, type: unknown][]): object {
  return { type: "record", name: "Writer", fields: fields.map(([name, type]) => ({ name, type })) };
}

describe("reading", () => {
  it("finds fields by their exact name, then by their name in upper case, and misses are NULL", () => {
    const schema = record(["other", "string"], ["price", "long"], ["SIZE", "long"], ["quoted", "int"]);
    const value = { other: "x", price: 15n, SIZE: 25n, quoted: 3 };
    const columns = { SIZE: T.BIGINT, PRICE: T.BIGINT, QUOTED: T.BIGINT, quoted: T.INTEGER, none: T.STRING };
    expect(read(columns, schema, value)).toEqual([25, 15, null, 3, null]);
  });

  it("takes a union with null in either order, and a union of one", () => {
    const schema = record(["A", ["null", "int"]], ["B", ["int", "null"]], ["C", ["null", "int"]], ["D", ["int"]]);
    const columns = { A: T.INTEGER, B: T.INTEGER, C: T.INTEGER, D: T.INTEGER };
    const value = { A: { int: 7 }, B: null, C: null, D: { int: 8 } };
    const type = avsc.Type.forSchema(schema as avsc.Schema, { wrapUnions: true });
    const bytes = Buffer.concat([Buffer.from([0, 0, 0, 0, 1]), type.toBuffer(value)]);
    expect(reader(sideOf(columns), newSchemas(schema))(bytes)).toEqual([7, null, null, 8]);
  });

  it("keeps all 64 bits of a long, as a number only where that is exact", () => {
    const edges = [0n, -1n, 63n, 64n, -64n, -65n, 2n ** 27n, 2n ** 28n, -(2n ** 31n), 2n ** 34n, 2n ** 48n, 2n ** 49n];
    const around = [53n, 54n, 55n, 56n, 62n].flatMap((bits) => [
      2n ** bits,
      2n ** bits - 1n,
      -(2n ** bits),
      1n - 2n ** bits,
    ]);
    for (const value of [...edges, ...around, 2n ** 63n - 1n, -(2n ** 63n), -(2n ** 53n) - 1n]) {
      const schema = record(["V", "long"], ["END", "int"]);
      const bytes = written(schema, { V: value, END: 5 });
      const side = sideOf({ V: T.BIGINT, END: T.INTEGER });
      expect(reader(side, newSchemas(schema))(bytes)).toEqual([T.bigint(value), 5]);
      const ours = sideOf({ V: T.BIGINT });
      const body = writer(ours)([T.bigint(value)]).subarray(5);
      expect(body).toEqual(typeOf(avroSchema(ours)).toBuffer({ V: value }));
    }
  });

  it.each([
    ["int", 1],
    ["long", 1n],
    ["float", 1],
    ["double", 1],
    ["boolean", true],
    [{ type: "enum", name: "Suit", symbols: ["SPADES"] }, "SPADES"],
  ])("what ksqlDB makes a STRING of, %j, is outside the subset", (type, value) => {
    expect(() => read({ V: T.STRING }, record(["V", type]), { V: value })).toThrow(OutsideSubset);
  });

  it("widens int to BIGINT, and takes timestamp-micros as BIGINT", () => {
    const schema = record(["I", "int"], ["AT", { type: "long", logicalType: "timestamp-micros" }]);
    expect(read({ I: T.BIGINT, AT: T.BIGINT }, schema, { I: -3, AT: 1600000000123456n })).toEqual([
      -3, 1600000000123456,
    ]);
  });

  it("reads decimals of bytes and fixed that fit; those of another scale are outside the subset", () => {
    const schema = record(
      ["A", { type: "bytes", logicalType: "decimal", precision: 20, scale: 2 }],
      ["B", { type: "fixed", name: "Eight", size: 8, logicalType: "decimal", precision: 18, scale: 2 }],
    );
    const value = { A: Buffer.from([0xff, 0x7f]), B: Buffer.from([0, 0, 0, 0, 0, 0, 0, 100]) };
    expect(read({ A: T.decimal(10, 2), B: T.decimal(3, 2) }, schema, value)).toEqual([-129n, 100n]);
    expect(() => read({ A: T.decimal(10, 4) }, schema, value)).toThrow("scale 2 as DECIMAL(10, 4)");
    expect(() => read({ B: T.decimal(2, 2) }, schema, value)).toThrow("Numeric field overflow");
    const large = { ...value, A: Buffer.from("0123456789abcdef01", "hex") };
    expect(read({ A: T.decimal(30, 2) }, schema, large)).toEqual([0x0123456789abcdef01n]);
  });

  it("reads records and arrays inside each other, and types by the names they were given", () => {
    const level = {
      type: "record",
      name: "Level",
      namespace: "x.y",
      fields: [{ name: "price", type: ["null", "string"] }],
    };
    const schema = record(["BEST", level], ["LEVELS", { type: "array", items: "x.y.Level" }]);
    const struct: T.SqlType = { base: "STRUCT", fields: [{ name: "PRICE", type: T.STRING }] };
    const columns: Record<string, T.SqlType> = {
      BEST: struct,
      LEVELS: { base: "ARRAY", item: struct },
    };
    const value = {
      BEST: { price: "1" },
      LEVELS: [{ price: "2" }, { price: null }],
    };
    expect(read(columns, schema, value)).toEqual([["1"], [["2"], [null]]]);
  });

  it("reads blocks of an array that say their size, and passes over them", () => {
    const schema = record(["A", { type: "array", items: "int" }], ["Z", "int"]);
    // A block of two items (count -2, size 2 bytes), one of one item, the end; as the specification describes it.
    const bytes = Buffer.from([0, 0, 0, 0, 1, 3, 4, 2, 4, 2, 6, 0, 8]);
    const columns = { A: { base: "ARRAY" as const, item: T.INTEGER }, Z: T.INTEGER };
    expect(reader(sideOf(columns), newSchemas(schema))(bytes)).toEqual([[1, 2, 3], 4]);
    expect(reader(sideOf({ Z: T.INTEGER }), newSchemas(schema))(bytes)).toEqual([4]);
  });

  it("passes over fields of every type, also one that contains itself", () => {
    const node = { type: "record", name: "Node", fields: [{ name: "next", type: ["null", "Node"] }] };
    const schema = record(
      ["a", { type: "fixed", name: "Three", size: 3 }],
      ["b", "bytes"],
      ["c", node],
      ["d", { type: "map", values: "double" }],
      ["e", ["null", "string", "long"]],
      ["f", "boolean"],
      ["g", "float"],
      ["h", { type: "enum", name: "E", symbols: ["X", "Y"] }],
      ["z", "string"],
    );
    const value = {
      ...{ a: Buffer.from("abc"), b: Buffer.from("12345"), c: { next: { next: { next: null } } }, d: { x: 1, y: 2 } },
      ...{ e: { long: 2n ** 40n }, f: true, g: 1, h: "Y", z: "end" },
    };
    const type = avsc.Type.forSchema(schema as avsc.Schema, { typeHook, wrapUnions: "auto" });
    const bytes = Buffer.concat([Buffer.from([0, 0, 0, 0, 1]), type.toBuffer({ ...value, e: 2n ** 40n })]);
    expect(reader(sideOf({ Z: T.STRING }), newSchemas(schema))(bytes)).toEqual(["end"]);
  });

  it("reads texts of any length and alphabet, in small records and in large ones", () => {
    const texts = [
      "",
      "a",
      "é",
      "日本語",
      "😀 mixed",
      "x".repeat(63),
      "y".repeat(64),
      "z".repeat(3000),
      "ü".repeat(2000),
    ];
    const side = sideOf({ V: T.STRING, W: T.STRING });
    for (const V of texts) {
      for (const W of texts) {
        const bytes = writer(side)([V, W]);
        expect(Buffer.from(bytes.subarray(5))).toEqual(typeOf(avroSchema(side)).toBuffer({ V, W }));
        expect(reader(side, newSchemas(avroSchema(side)))(bytes)).toEqual([V, W]);
      }
    }
  });

  it.each([
    ["string", T.INTEGER, "an Avro string cannot be read as INTEGER, field PRICE"],
    ["long", T.INTEGER, "an Avro long cannot be read as INTEGER, field PRICE"],
    ["string", T.BOOLEAN, "an Avro string cannot be read as BOOLEAN, field PRICE"],
    ["string", T.decimal(3, 1), "an Avro string cannot be read as DECIMAL(3, 1), field PRICE"],
    ["double", T.BIGINT, "an Avro double cannot be read as BIGINT, field PRICE"],
  ])("refuses each record whose %s is another type, also where it is not wanted", (from, type, message) => {
    const value = { string: "1", long: 1n, int: 1, double: 1 }[from];
    const schema = record(["PRICE", from], ["OTHER", "int"]);
    expect(() => read({ PRICE: type }, schema, { PRICE: value, OTHER: 1 })).toThrow(message);
    expect(() => read({ PRICE: type, OTHER: T.INTEGER }, schema, { PRICE: value, OTHER: 1 }, ["OTHER"])).toThrow(
      message,
    );
    const nullable = record(["PRICE", ["null", from]], ["OTHER", "int"]);
    expect(() => read({ PRICE: type }, nullable, { PRICE: null, OTHER: 1 })).toThrow(message);
  });

  it("leaves a column null that is not wanted", () => {
    const schema = record(["A", "string"], ["B", "int"]);
    expect(read({ A: T.STRING, B: T.INTEGER }, schema, { A: "x", B: 2 }, ["B"])).toEqual([null, 2]);
  });

  it("refuses a record that ends early, or does not end", () => {
    const side = sideOf({ A: T.BIGINT, B: T.STRING, C: T.BOOLEAN, D: { base: "ARRAY", item: T.STRING } });
    const bytes = writer(side)([1e15, "text", true, ["a", "b"]]);
    const deserialize = reader(side, newSchemas(avroSchema(side)));
    expect(deserialize(bytes)).toEqual([1e15, "text", true, ["a", "b"]]);
    for (let length = 0; length < bytes.length; length++) {
      expect(() => deserialize(bytes.subarray(0, length))).toThrow();
    }
    expect(() => deserialize(Buffer.concat([bytes, Buffer.alloc(1)]))).toThrow();
  });

  it("ends soon on any bytes whatever", () => {
    const side = sideOf({ A: { base: "ARRAY", item: { base: "ARRAY", item: T.STRING } }, B: T.BIGINT });
    const deserialize = reader(side, newSchemas(avroSchema(side)));
    const random = newRandom(3);
    for (let i = 0; i < 20000; i++) {
      const bytes = Buffer.from([0, 0, 0, 0, 1, ...Array.from({ length: random(40) }, () => random(256))]);
      try {
        deserialize(bytes);
      } catch (error) {
        expect(error).toBeInstanceOf(Error);
      }
    }
  });

  it("reads with the schema that each record names", () => {
    const [old, now] = [record(["A", "int"]), record(["B", "string"], ["A", "long"])];
    const deserialize = reader(sideOf({ A: T.BIGINT, B: T.STRING }), newSchemas(old, now));
    const second = written(now, { A: 2n, B: "b" });
    second[4] = 2;
    for (let i = 0; i < 3; i++) {
      expect(deserialize(written(old, { A: 1 }))).toEqual([1, null]);
      expect(deserialize(second)).toEqual([2, "b"]);
    }
  });
});

describe("writing", () => {
  it("writes decimals as Java's BigInteger.toByteArray", () => {
    const side = sideOf({ V: T.decimal(40, 2) });
    const serialize = writer(side);
    // Of the JDK: the minimum number of bytes in two's complement, with a sign bit.
    const known: [bigint | number, string][] = [
      [0n, "00"],
      [0, "00"],
      [1n, "01"],
      [-1n, "ff"],
      [127n, "7f"],
      [128n, "0080"],
      [-128n, "80"],
      [-129n, "ff7f"],
      [255n, "00ff"],
      [256n, "0100"],
      [-256n, "ff00"],
      [32767n, "7fff"],
      [32768n, "008000"],
      [-32768n, "8000"],
      [-(2n ** 63n), "8000000000000000"],
      [2n ** 63n, "008000000000000000"],
    ];
    for (const [value, hex] of known) {
      const bytes = serialize([value]);
      expect(bytes.subarray(7).toString("hex")).toBe(hex);
      expect(reader(side, newSchemas(avroSchema(side)))(bytes)).toEqual([BigInt(value)]);
    }
  });

  it("fails on a decimal of more digits than its type has", () => {
    const serialize = writer(sideOf({ V: T.decimal(3, 1) }));
    expect(serialize([-999n]).subarray(5)).toEqual(Buffer.from([2, 4, 0xfc, 0x19]));
    expect(() => serialize([1000n])).toThrow("Numeric field overflow");
  });

  it("writes what avsc writes and reads what it wrote, for random types and values", () => {
    const random = newRandom(1);
    for (let i = 0; i < 400; i++) {
      const columns = Object.fromEntries(
        Array.from({ length: 1 + random(6) }, (_, n) => [`F${n}`, randomType(random, 3)]),
      );
      const side = sideOf(columns);
      const schema = avroSchema(side);
      const serialize = writer(side);
      const type = avsc.Type.forSchema(schema as avsc.Schema, { typeHook, wrapUnions: false });
      for (let n = 0; n < 5; n++) {
        const row = side.columns.map((column) => randomValue(random, column.type));
        const bytes = Buffer.from(serialize(row));
        expect(bytes.subarray(5)).toEqual(type.toBuffer(forAvsc(row, rootOf(side))));
        expect(reader(side, newSchemas(schema))(bytes)).toEqual(row);
      }
    }
  });
});

describe("schemas", () => {
  it("names records after what they are in, and says decimals as Connect does", () => {
    const struct: T.SqlType = {
      base: "STRUCT",
      fields: [{ name: "X", type: { base: "STRUCT", fields: [{ name: "Y", type: T.INTEGER }] } }],
    };
    const columns: Record<string, T.SqlType> = {
      D: T.decimal(4, 1),
      S: { base: "ARRAY", item: struct },
    };
    const field = (name: string, type: unknown) => ({ name, type: ["null", type], default: null });
    expect(avroSchema(sideOf(columns))).toEqual({
      type: "record",
      name: "C",
      namespace: "a.b",
      "connect.name": "a.b.C",
      fields: [
        // As in https://github.com/confluentinc/ksql/issues/3087
        field("D", {
          type: "bytes",
          scale: 1,
          precision: 4,
          "connect.version": 1,
          "connect.parameters": { scale: "1", "connect.decimal.precision": "4" },
          "connect.name": "org.apache.kafka.connect.data.Decimal",
          logicalType: "decimal",
        }),
        field("S", {
          type: "array",
          items: [
            "null",
            {
              type: "record",
              name: "C_S",
              "connect.name": "a.b.C_S",
              fields: [
                field("X", { type: "record", name: "C_S_X", "connect.name": "a.b.C_S_X", fields: [field("Y", "int")] }),
              ],
            },
          ],
        }),
      ],
    });
  });

  it("has no name that Avro does not have", () => {
    expect(() => avroSchema(sideOf({ "a-b": T.STRING }))).toThrow("the format AVRO does not support the name a-b");
    expect(avroSchema(sideOf({ "b.c": T.STRING }))).toMatchObject({ fields: [{ name: "b_c" }] });
  });
});

describe("keys", () => {
  // As Kafka's IntegerSerializer, LongSerializer and StringSerializer write them.
  it.each<[T.SqlType, T.Value, string]>([
    [T.INTEGER, -2, "fffffffe"],
    [T.BIGINT, 258, "0000000000000102"],
    [T.BIGINT, -9223372036854775808n, "8000000000000000"],
    [T.STRING, "aé", "61c3a9"],
    [T.STRING, "", ""],
  ])("of %o: %s", (type, value, hex) => {
    expect(keyReader(type)(Buffer.from(hex, "hex"))).toBe(value);
  });

  it.each([
    [T.INTEGER, 4],
    [T.BIGINT, 8],
  ])("of %o have %i bytes", (type, length) => {
    for (const wrong of [0, length - 1, length + 1])
      expect(() => keyReader(type)(Buffer.alloc(wrong))).toThrow(`has ${length} bytes`);
  });
});

/** Whole numbers below a bound, the same in every run. */
function newRandom(seed: number): (bound: number) => number {
  let state = seed;
  return (bound) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * bound);
  };
}

function randomType(random: (bound: number) => number, depth: number): T.SqlType {
  const scalars = [T.BOOLEAN, T.INTEGER, T.BIGINT, T.STRING, T.decimal(25, 5)];
  const kind = random(depth > 0 ? scalars.length + 2 : scalars.length);
  if (kind < scalars.length) return scalars[kind]!;
  if (kind === scalars.length) return { base: "ARRAY", item: randomType(random, depth - 1) };
  const fields = Array.from({ length: 1 + random(3) }, (_, i) => ({
    name: `G${i}`,
    type: randomType(random, depth - 1),
  }));
  return { base: "STRUCT", fields };
}

function randomValue(random: (bound: number) => number, type: T.SqlType): T.Value {
  if (random(6) === 0) return null;
  const bits = (count: number) =>
    BigInt.asIntN(random(count) + 1, (BigInt(random(2 ** 32)) << 32n) | BigInt(random(2 ** 32)));
  switch (type.base) {
    case "BOOLEAN":
      return random(2) === 1;
    case "INTEGER":
      return Number(bits(32));
    case "BIGINT":
      return T.bigint(bits(64));
    case "STRING":
      return Array.from({ length: random(90) }, () =>
        String.fromCharCode(random(20) === 0 ? 200 + random(900) : 32 + random(90)),
      ).join("");
    case "DECIMAL":
      return bits(64);
    case "ARRAY":
      return Array.from({ length: random(4) }, () => randomValue(random, type.item));
    case "STRUCT":
      return type.fields.map((field) => randomValue(random, field.type));
  }
}

/** A value as avsc has it. */
function forAvsc(value: T.Value, type: T.SqlType): unknown {
  if (value === null) return null;
  if (type.base === "BIGINT") return BigInt(value as number | bigint);
  if (type.base === "ARRAY") return (value as T.Value[]).map((item) => forAvsc(item, type.item));
  if (type.base === "STRUCT") {
    return Object.fromEntries(
      type.fields.map(({ name, type: of }, i) => [name, forAvsc((value as T.Value[])[i]!, of)]),
    );
  }
  if (type.base !== "DECIMAL") return value;
  // The shortest of one to nine bytes that reads as the number again.
  for (let length = 1; ; length++) {
    if (BigInt.asIntN(8 * length, value as bigint) !== value) continue;
    const hex = BigInt.asUintN(8 * length, value).toString(16);
    return Buffer.from(hex.padStart(2 * length, "0"), "hex");
  }
}
