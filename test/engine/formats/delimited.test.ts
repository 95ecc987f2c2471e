import { describe, expect, it } from "vitest";
import { deserializer, serializer } from "../../../engine/formats/formats.ts";
import * as T from "../../../engine/language/types.ts";
import { newSchemas, sideOf } from "./sides.ts";

const texts = { A: T.STRING, B: T.STRING };

function read(columns: Parameters<typeof sideOf>[1], line: string, delimiter = ","): T.Value[] {
  return deserializer(sideOf("DELIMITED", columns, { delimiter }), newSchemas())(Buffer.from(line))!;
}

function write(columns: Parameters<typeof sideOf>[1], values: T.Value[], delimiter = ","): string {
  return serializer(sideOf("DELIMITED", columns, { delimiter }), "s", newSchemas())(values)!.toString();
}

describe("reading", () => {
  it.each<[string, T.Value[]]>([
    ["a,b", ["a", "b"]],
    ["a,", ["a", null]],
    [",", [null, null]],
    [",b", [null, "b"]],
    ['"a,""x""",b', ['a,"x"', "b"]],
    ['"a\nb",c', ["a\nb", "c"]],
    ['"a"  ,b', ["a", "b"]],
    [' a ,b"c', [" a ", 'b"c']],
    ["a,b\r\n", ["a", "b"]],
    ["\n\na,b\nc", ["a", "b"]],
    ['"",b', [null, "b"]],
  ])("%j is split as Commons CSV splits it", (line, values) => {
    expect(read(texts, line)).toEqual(values);
  });

  it.each(["", "\n", "a", "a,b,c", '"a,b', '"a"x,b'])("%j is refused", (line) => {
    expect(() => read(texts, line)).toThrow();
  });

  it("reads each type from its text", () => {
    const columns = { A: T.BOOLEAN, B: T.INTEGER, C: T.BIGINT, D: T.DOUBLE, E: T.decimal(10, 3), F: T.TIMESTAMP };
    const line = "TRUE,-7,9223372036854775807,1e3,-.5,1600000000123";
    expect(read(columns, line)).toEqual([true, -7, 9223372036854775807n, 1000, -500n, 1600000000123]);
    expect(read({ A: T.BOOLEAN }, "yes")).toEqual([false]);
  });

  it.each<[T.SqlType, string]>([
    [T.INTEGER, "1.0"],
    [T.INTEGER, "2147483648"],
    [T.BIGINT, " 1"],
    [T.DOUBLE, "x"],
    [T.decimal(3, 1), "1.25"],
    [T.decimal(3, 1), "100"],
  ])("%o does not take %s", (type, text) => {
    expect(() => read({ A: type }, text)).toThrow();
  });

  it("splits at the delimiter that is given", () => {
    expect(read(texts, "a,b|c", "|")).toEqual(["a,b", "c"]);
    expect(read(texts, "a\tb c", "\t")).toEqual(["a", "b c"]);
  });
});

describe("writing", () => {
  it.each<[T.Value[], string]>([
    [["a", "b"], "a,b"],
    [[null, "b"], ",b"],
    [["a", null], "a,"],
    [["", ""], '"",'],
    [["a,b", 'c"d'], '"a,b","c""d"'],
    [["a\nb", "c\r"], '"a\nb","c\r"'],
    [["-", "-"], '"-",-'],
    [["é", "é"], '"é",é'],
    [["a ", " b"], '"a "," b"'],
    [["a#", "#a"], 'a#,"#a"'],
    [["a", "!b"], 'a,"!b"'],
    [["a", "$b"], "a,$b"],
    [["some constant", "a b"], "some constant,a b"],
  ])("%j is quoted as Commons CSV 1.4 quotes it", (values, line) => {
    expect(write(texts, values)).toBe(line);
  });

  it("writes each type as its text, and quotes a number that begins a line with its sign", () => {
    const columns = { A: T.decimal(20, 4), B: T.DOUBLE, C: T.BIGINT, D: T.BOOLEAN, E: T.TIMESTAMP, F: T.decimal(3, 1) };
    const values = [-123451200n, 1e7, 9223372036854775807n, true, 1600000000123, 0];
    expect(write(columns, values)).toBe('"-12345.1200",1.0E7,9223372036854775807,true,1600000000123,0');
  });

  it("writes what it reads again", () => {
    for (const text of ["a", " a", "a\t", '"', '""', ",", "\r\n", "#", "-", "ü", "a|b"]) {
      for (const delimiter of [",", "|", " ", "\t"]) {
        expect(read(texts, write(texts, [text, text], delimiter), delimiter)).toEqual([text, text]);
      }
    }
  });
});
