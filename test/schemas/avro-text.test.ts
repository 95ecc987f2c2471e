import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { avroText } from "../../schemas/avro-text.ts";
import { describeOracle } from "../evidence.ts";
import { keptText } from "../infra/fake/confluent-registry.ts";

/** The same with the attributes of every object the other way round. */
function reversed(part: unknown): unknown {
  if (Array.isArray(part)) return part.map(reversed);
  if (typeof part !== "object" || part === null) return part;
  return Object.fromEntries(
    Object.entries(part)
      .toReversed()
      .map(([name, value]) => [name, reversed(value)]),
  );
}

describeOracle("a schema is written as Confluent's registry keeps it, however it was laid out", (folder) => {
  const registry = join(folder, "server/registry");
  it.each(readdirSync(registry))("%s", (file) => {
    const { schema } = JSON.parse(readFileSync(join(registry, file), "utf8")) as { schema: string };
    expect(avroText(JSON.parse(schema))).toBe(schema);
    expect(avroText(reversed(JSON.parse(schema)))).toBe(schema);
    // The fake of it in other tests, too.
    expect(keptText(JSON.stringify(reversed(JSON.parse(schema))))).toBe(schema);
  });
});

// Expected: what toString() of org.apache.avro.Schema (Avro 1.12) writes, by its source.
describe("a schema is written as Avro writes it", () => {
  it.each<[string, object, string]>([
    [
      "with the namespace apart from the name, and left out inside",
      {
        name: "x.T",
        fields: [
          { type: { name: "E", symbols: ["A"], type: "enum" }, name: "a" },
          { type: "x.E", name: "b" },
          { type: { size: 4, type: "fixed", name: "y.F" }, name: "c" },
          { type: ["null", "y.F"], name: "d" },
        ],
        type: "record",
      },
      '{"type":"record","name":"T","namespace":"x","fields":[{"name":"a","type":{"type":"enum","name":"E","symbols":["A"]}},' +
        '{"name":"b","type":"E"},{"name":"c","type":{"type":"fixed","name":"F","namespace":"y","size":4}},{"name":"d","type":["null","y.F"]}]}',
    ],
    [
      "with a primitive type as its name alone, or with what it has beside",
      {
        type: "record",
        name: "T",
        fields: [
          { name: "a", type: { type: "string" } },
          { name: "b", type: { scale: 2, logicalType: "decimal", precision: 9, type: "bytes" } },
          { name: "c", type: { items: { values: { type: "long" }, type: "map" }, type: "array" } },
        ],
      },
      '{"type":"record","name":"T","fields":[{"name":"a","type":"string"},{"name":"b","type":{"type":"bytes","scale":2,"logicalType":"decimal","precision":9}},' +
        '{"name":"c","type":{"type":"array","items":{"type":"map","values":"long"}}}]}',
    ],
    [
      "with default and order before aliases, and what is not Avro's at the end",
      {
        "connect.name": "x",
        aliases: ["Old"],
        fields: [
          { unit: "s", aliases: ["b"], order: "descending", default: null, doc: "", type: ["null", "int"], name: "a" },
        ],
        doc: "One.",
        name: "T",
        type: "record",
      },
      '{"type":"record","name":"T","doc":"One.","fields":[{"name":"a","type":["null","int"],"doc":"","default":null,"order":"descending","aliases":["b"],"unit":"s"}],' +
        '"connect.name":"x","aliases":["Old"]}',
    ],
    [
      "with letters as they are and control characters in capitals",
      { type: "record", name: "T", doc: 'é € 😀 "\\u001f" \u001f\u000b\n/\u2028\u007f', fields: [] },
      '{"type":"record","name":"T","doc":"é € 😀 \\"\\\\u001f\\" \\u001F\\u000B\\n/\u2028\u007f","fields":[]}',
    ],
  ])("%s", (_, schema, text) => {
    expect(avroText(schema)).toBe(text);
  });
});
