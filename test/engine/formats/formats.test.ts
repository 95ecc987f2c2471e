import { describe, expect, it } from "vitest";
import type { FormatName } from "../../../engine/formats/format.ts";
import { deserializer, serializer, unsupported } from "../../../engine/formats/formats.ts";
import * as T from "../../../engine/language/types.ts";
import { newSchemas, sideOf } from "./sides.ts";

const list: T.SqlType = { base: "ARRAY", item: T.STRING };
const map: T.SqlType = { base: "MAP", value: T.STRING };
const struct: T.SqlType = { base: "STRUCT", fields: [{ name: "M", type: map }] };

describe("KAFKA", () => {
  // As Kafka's IntegerSerializer, LongSerializer, DoubleSerializer and StringSerializer write them.
  it.each<[T.SqlType, T.Value, string]>([
    [T.INTEGER, -2, "fffffffe"],
    [T.BIGINT, 258, "0000000000000102"],
    [T.BIGINT, -9223372036854775808n, "8000000000000000"],
    [T.DOUBLE, 1.5, "3ff8000000000000"],
    [T.STRING, "aé", "61c3a9"],
    [T.STRING, "", ""],
  ])("writes and reads %o %s", (type, value, hex) => {
    const side = sideOf("KAFKA", { K: type }, { unwrapped: true });
    expect(serializer(side, "s", newSchemas())([value])!.toString("hex")).toBe(hex);
    expect(deserializer(side, newSchemas())(Buffer.from(hex, "hex"))).toEqual([value]);
  });

  it("refuses a number of another length, and writes nothing for NULL", () => {
    for (const [type, length] of [
      [T.INTEGER, 4],
      [T.BIGINT, 8],
      [T.DOUBLE, 8],
    ] as const) {
      const side = sideOf("KAFKA", { K: type }, { unwrapped: true });
      for (const wrong of [0, length - 1, length + 1]) {
        expect(() => deserializer(side, newSchemas())(Buffer.alloc(wrong))).toThrow(`has ${length} bytes`);
      }
      expect(serializer(side, "s", newSchemas())([null])).toBeNull();
    }
  });
});

describe("unsupported", () => {
  it.each<[FormatName, Record<string, T.SqlType>, string | undefined]>([
    ["KAFKA", { A: T.STRING, B: T.STRING }, "the format KAFKA takes one column, not 2"],
    ["KAFKA", { A: T.BOOLEAN }, "the format KAFKA does not support the type BOOLEAN, column A"],
    ["KAFKA", { A: T.decimal(3, 1) }, "the format KAFKA does not support the type DECIMAL, column A"],
    ["KAFKA", { A: T.DOUBLE }, undefined],
    ["DELIMITED", { A: T.STRING, V: list }, "the format DELIMITED does not support the type ARRAY, column V"],
    ["DELIMITED", { A: T.decimal(3, 1), B: T.BOOLEAN, C: T.TIMESTAMP }, undefined],
    ["AVRO", { A: { base: "ARRAY", item: struct } }, "the format AVRO does not support the type MAP"],
    ["AVRO", { "a-b": T.STRING }, "the format AVRO does not support the name a-b"],
    ["AVRO", { A: list, "b.c": T.STRING }, undefined],
    ["JSON", { A: struct, "a-b": map }, undefined],
    ["NONE", { A: T.STRING }, "the format NONE has no columns, not A"],
    ["NONE", {}, undefined],
  ])("%s of %o: %s", (format, columns, reason) => {
    expect(unsupported(sideOf(format, columns))).toBe(reason);
  });
});

it("nothing is read or written where there are no columns", () => {
  const side = sideOf("NONE", {});
  expect(deserializer(side, newSchemas())(Buffer.from("any"))).toEqual([]);
  expect(serializer(side, "s", newSchemas())([])).toBeNull();
});

it("AVRO registers its schema under the subject, the others none", () => {
  const registered: string[] = [];
  const schemas = { ...newSchemas(), idOf: (subject: string) => registered.push(subject) };
  for (const format of ["AVRO", "JSON", "KAFKA", "DELIMITED"] as const) {
    serializer(sideOf(format, { A: T.STRING }), `${format}-value`, schemas);
  }
  expect(registered).toEqual(["AVRO-value"]);
});
