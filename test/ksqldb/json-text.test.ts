import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { JsonNumber, parseJson, type Json } from "../../ksqldb/testing/json-text.ts";

describe("the text", () => {
  it.each([
    "",
    "01",
    "1.",
    ".5",
    "+1",
    "NaN",
    "[1,]",
    "{,}",
    '{"a"}',
    '{"a":1,}',
    "'a'",
    '"\u0001"',
    '"\\x"',
    "[1 2]",
    "tru",
    "1 2",
    '"a',
  ])("%s is not JSON", (text) => {
    expect(() => parseJson(text)).toThrow();
    expect(() => JSON.parse(text) as unknown).toThrow();
  });

  it("keeps numbers as they are written", () => {
    expect(parseJson(" [1.50, -0, 1E+2] ")).toEqual([
      new JsonNumber("1.50"),
      new JsonNumber("-0"),
      new JsonNumber("1E+2"),
    ]);
  });

  const qtt = process.env["TAPELINE_QTT"];
  it.skipIf(qtt === undefined)("is read as JSON.parse reads it, numbers apart", () => {
    for (const line of readFileSync(join(qtt!, "cases.ndjson"), "utf8").trim().split("\n")) {
      expect(plain(parseJson(line))).toEqual(JSON.parse(line));
    }
  });
});

function plain(json: Json): unknown {
  if (json instanceof JsonNumber) return Number(json.text);
  if (Array.isArray(json)) return (json as Json[]).map(plain);
  if (json instanceof Map) return Object.fromEntries([...json].map(([name, value]) => [name, plain(value as Json)]));
  return json;
}
