import { describe, expect, it } from "vitest";
import { differences, sameSchema } from "../../../topics/registry/canonical.ts";

const record = (...fields: object[]) => ({ type: "record", name: "T", namespace: "x", fields });
const nullable = ["null", "string"];

describe("two schemas are the same in full and on the wire", () => {
  it.each([
    [
      "with their attributes in another order",
      record({ name: "a", type: "string" }),
      { fields: [{ type: "string", name: "a" }], namespace: "x", name: "T", type: "record" },
    ],
    ["with the namespace in the name", record(), { type: "record", name: "x.T", fields: [] }],
    [
      "with types in arrays, maps and unions",
      record({ name: "a", type: ["null", { type: "array", items: { type: "map", values: { type: "long" } } }] }),
      record({ name: "a", type: [{ type: "null" }, { type: "array", items: { type: "map", values: "long" } }] }),
    ],
  ])("%s", (_, one, other) => {
    expect(sameSchema(one, other, "full")).toBe(true);
    expect(sameSchema(one, other, "wire")).toBe(true);
  });
});

describe("two schemas are the same on the wire only", () => {
  it.each([
    [
      "with other descriptions",
      { ...record({ name: "a", type: "long", doc: "One." }), doc: "Of one." },
      { ...record({ name: "a", type: "long", doc: "Two." }), doc: "Of two." },
    ],
    [
      "with an attribute of our own",
      record({ name: "a", type: "string", format: "decimal" }),
      record({ name: "a", type: "string" }),
    ],
    [
      "with an attribute of Java's in a type",
      record({ name: "a", type: { type: "string", "avro.java.string": "String" } }),
      record({ name: "a", type: "string" }),
    ],
  ])("%s", (_, one, other) => {
    expect(sameSchema(one, other, "wire")).toBe(true);
    expect(sameSchema(one, other, "full")).toBe(false);
    expect(differences(one, other)).toEqual([]);
  });
});

describe("two schemas are different, and it is said in one line a field", () => {
  it.each([
    [
      "another type",
      record({ name: "price", type: nullable, default: null }),
      record({ name: "price", type: "string" }),
      ['field price: registered ["null","string"], here "string"'],
    ],
    [
      "another logical type",
      record({ name: "t", type: "long" }),
      record({ name: "t", type: { type: "long", logicalType: "timestamp-micros" } }),
      ['field t: registered "long", here {"logicalType":"timestamp-micros","type":"long"}'],
    ],
    [
      "another default",
      record({ name: "a", type: nullable, default: null }),
      record({ name: "a", type: nullable }),
      ["field a: registered default null, here no default"],
    ],
    [
      "fields on one side",
      record({ name: "a", type: "int" }),
      record({ name: "b", type: "int" }),
      ["field b: only here", "field a: only registered"],
    ],
    [
      "the fields' order",
      record({ name: "a", type: "int" }, { name: "b", type: "int" }),
      record({ name: "b", type: "int" }, { name: "a", type: "int" }),
      ["order of the fields: registered a where here is b"],
    ],
    ["another name", record(), { ...record(), namespace: "y" }, ["record: registered x.T, here y.T"]],
    [
      "no record",
      "bytes",
      record(),
      ['registered "bytes", here {"fields":[],"name":"T","namespace":"x","type":"record"}'],
    ],
  ])("%s", (_, registered, here, lines) => {
    expect(sameSchema(registered, here, "wire")).toBe(false);
    expect(differences(registered, here)).toEqual(lines);
  });
});
