/** What ksqlDB 7.9 answered, and Java 17 where a table says so. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it, test } from "vitest";
import { castValue } from "../../../engine/expressions/cast.ts";
import { decimalText, parseDecimal, parseExact } from "../../../engine/expressions/decimal.ts";
import { OutsideSubset } from "../../../engine/functions/function.ts";
import { functions } from "../../../engine/functions/functions.ts";
import { toRegExp } from "../../../engine/functions/regexp.ts";
import type { Create, CreateAs, Expression } from "../../../engine/language/ast.ts";
import { parse, StatementError } from "../../../engine/language/parse.ts";
import {
  BIGINT,
  bigint,
  BOOLEAN,
  DOUBLE,
  INTEGER,
  STRING,
  TIMESTAMP,
  decimal,
  sameType,
  typeOf,
  typeText,
  type SqlType,
  type Value,
} from "../../../engine/language/types.ts";
import { describeOracle } from "../../evidence.ts";

type Row = ReadonlyMap<string, Value>;
type Columns = ReadonlyMap<string, SqlType>;
interface Evaluated {
  readonly type: SqlType | null;
  readonly constant?: Value;
  readonly evaluate: (row: Row) => Value;
}

interface Case {
  readonly file: string;
  readonly name: string;
  readonly statements: readonly string[];
  readonly inputs?: readonly { value: unknown }[];
  readonly outputs?: readonly { value: Record<string, unknown> | null }[];
  readonly expectedException?: unknown;
  readonly type?: string;
  readonly logged?: number;
}

class Refused extends Error {}
/** An expression that is not made of calls, columns and literals alone. */
class Other extends Error {}

/** Calls of functions on columns and literals, nothing else. */
function plan(expression: Expression, columns: Columns): Evaluated {
  if (expression.kind === "literal") return planLiteral(expression);
  if (expression.kind === "name") {
    const type = columns.get(expression.name);
    if (type === undefined) throw new Other(expression.name);
    return { type, evaluate: (row) => row.get(expression.name) ?? null };
  }
  if (expression.kind !== "call") throw new Other(expression.kind);
  const args = expression.args.map((arg) => plan(arg, columns));
  const types = args.map(({ type }) => type);
  const resolved = functions[expression.name]?.(
    types,
    args.map(({ constant }) => constant),
  );
  if (resolved === undefined || expression.star) throw new Refused(expression.name);
  const casts = types.map((type, i) => {
    const wanted = resolved.casts?.[i];
    return type === null || wanted === undefined || sameType(type, wanted) ? undefined : castValue(type, wanted)!;
  });
  const evaluate = (row: Row) => {
    const values = args.map((arg, i) => (casts[i] ?? ((value: Value) => value))(arg.evaluate(row)));
    return resolved.evaluate(...values);
  };
  return { type: resolved.type, evaluate };
}

function planLiteral(expression: Expression & { kind: "literal" }): Evaluated {
  const constant = (type: SqlType | null, value: Value) => ({ type, constant: value, evaluate: () => value });
  switch (expression.type) {
    case "NULL":
      return constant(null, null);
    case "STRING":
      return constant(STRING, expression.value);
    case "DOUBLE":
      return constant(DOUBLE, Number(expression.text));
    case "DECIMAL": {
      const { units, scale } = parseExact(expression.text);
      return constant(decimal(String(units).replace("-", "").length, scale), units);
    }
    case "INTEGER": {
      const value = BigInt(expression.text);
      return constant(value === BigInt.asIntN(32, value) ? INTEGER : BIGINT, bigint(value));
    }
    case "BOOLEAN":
      return constant(BOOLEAN, expression.value);
  }
}

function readJson(value: unknown, type: SqlType): Value {
  if (value === null || value === undefined) return null;
  if (type.base === "DECIMAL") return parseDecimal(`${value as number}`, type);
  if (type.base === "ARRAY") return (value as unknown[]).map((item) => readJson(item, type.item));
  if (type.base === "MAP" || type.base === "STRUCT") throw new Other(type.base);
  return value as Value;
}

function writeJson(value: Value, type: SqlType): unknown {
  if (value === null) return null;
  if (type.base === "DECIMAL") return Number(decimalText(value as bigint, type.scale));
  if (type.base === "ARRAY") return (value as readonly Value[]).map((item) => writeJson(item, type.item));
  // JSON has no numbers for them.
  if (typeof value === "number" && !Number.isFinite(value)) return String(value);
  return Object.is(value, -0) ? 0 : value;
}

/** What the calls of a case give for each input, by the names of the columns. */
function runCalls({ statements, inputs = [] }: Case) {
  const [create, select] = statements.map((statement) => parse(statement, "case")[0]!) as [Create, CreateAs];
  const columns: Columns = new Map(
    create.columns
      .filter(({ key }) => key === "")
      .map(({ name, type }) => [name, typeOf(type, () => expect.fail("a type"))]),
  );
  const { items, where, group, window } = select.query;
  if (where !== null || group !== null || window !== null) return [];
  return items.flatMap((item) => {
    if (item.kind !== "item" || item.name === null || item.expression.kind !== "call") return [];
    const { type, evaluate } = plan(item.expression, columns);
    const errors: string[] = [];
    const values = inputs.map(({ value }) => {
      const fields = new Map(
        Object.entries(value ?? {}).map(([name, field]) => [name.toUpperCase(), field as unknown]),
      );
      const row: Row = new Map([...columns].map(([name, one]) => [name, readJson(fields.get(name), one)]));
      try {
        return writeJson(evaluate(row), type!);
      } catch (error) {
        expect(error).not.toBeInstanceOf(OutsideSubset);
        errors.push((error as Error).message);
        return null;
      }
    });
    return [{ name: item.name.name, type: typeText(type!), values, errors: errors.length }];
  });
}

function readCases(file: string): Case[] {
  return readFileSync(file, "utf8")
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as Case);
}

describeOracle("calls that the real ksqlDB answered", (folder) => {
  const refused: string[] = [];
  let refusedThere = 0;
  let answered = 0;
  for (const one of readCases(join(folder, "expressions.ndjson"))) {
    let columns: ReturnType<typeof runCalls>;
    try {
      columns = runCalls(one);
    } catch (error) {
      if (error instanceof Other || error instanceof StatementError) continue;
      if (!(error instanceof Refused)) throw error;
      if (one.expectedException === undefined) refused.push(one.name);
      else refusedThere++;
      continue;
    }
    for (const { type, values, errors } of columns) {
      answered++;
      it(`${one.name} is ${JSON.stringify(values)}`, () => {
        expect({ type, values, errors }).toEqual({
          type: one.type,
          values: one.outputs!.map(({ value }) => value!["V"]),
          errors: one.logged,
        });
      });
    }
  }

  it("are refused only where the function is not a scalar one", () => {
    expect(refused).toEqual(["EXPLODE(a)"]);
    expect(refusedThere).toBe(4);
    expect(answered).toBeGreaterThan(30);
  });
});

const qtt = process.env["TAPELINE_QTT"];

describe.skipIf(qtt === undefined)("calls in ksqlDB's own tests", () => {
  let answered = 0;
  for (const one of qtt === undefined ? [] : readCases(join(qtt, "cases.ndjson"))) {
    const { inputs = [], outputs, statements } = one;
    if (statements.length !== 2 || outputs?.length !== inputs.length || inputs.length === 0) continue;
    if (inputs.some(({ value }) => typeof value !== "object")) continue;
    let columns: ReturnType<typeof runCalls>;
    try {
      columns = runCalls({ ...one, statements: statements.map((text) => text.replaceAll("{FORMAT}", "JSON")) });
    } catch {
      // What is outside the subset is not asked here.
      continue;
    }
    for (const { name, type, values } of columns) {
      answered++;
      it(`${one.file}, ${one.name}: ${name}`, () => {
        const expected = outputs.map(({ value }) => value?.[name] ?? null);
        // Avro's cases give a DECIMAL as text.
        const number = (value: unknown) => (value === null ? null : Number(value));
        expect(values).toEqual(type.startsWith("DECIMAL") ? expected.map(number) : expected);
      });
    }
  }

  it("are many", () => expect(answered).toBeGreaterThan(15));
});

/** A call on values of those types; constants are the values too, as if they were literals. */
function call(name: string, types: readonly (SqlType | null)[], ...values: Value[]): Value {
  const resolved = functions[name]!(types, values);
  expect(resolved).toBeDefined();
  return resolved!.evaluate(...values);
}

function takes(name: string, ...types: (SqlType | null)[]): string | undefined {
  const resolved = functions[name]!(types, []);
  return resolved && typeText(resolved.type);
}

describe("overloads", () => {
  it("are chosen by exactly the types, else by the only implicit cast", () => {
    expect(takes("ABS", INTEGER)).toBe("INTEGER");
    expect(takes("SQRT", decimal(10, 2))).toBe("DOUBLE");
    expect(functions["SQRT"]!([decimal(10, 2)], [])!.casts).toEqual([DOUBLE]);
    expect(takes("FROM_UNIXTIME", INTEGER)).toBe("TIMESTAMP");
    expect(takes("UNIX_TIMESTAMP", STRING)).toBe("BIGINT");
    expect(takes("GREATEST", TIMESTAMP, null, STRING)).toBe("TIMESTAMP");
  });

  it("that are ambiguous, or do not exist, are refused", () => {
    expect(takes("GREATEST", INTEGER, BIGINT)).toBeUndefined();
    expect(takes("ROUND", INTEGER, INTEGER)).toBeUndefined();
    expect(takes("GREATEST", null, null, null)).toBeUndefined();
    expect(takes("COALESCE", INTEGER, BIGINT)).toBeUndefined();
    expect(takes("SUBSTRING", STRING, BIGINT)).toBeUndefined();
    expect(takes("LEN", INTEGER)).toBeUndefined();
    expect(takes("UCASE")).toBeUndefined();
    expect(takes("CONCAT")).toBeUndefined();
    expect(takes("UNIX_TIMESTAMP")).toBeUndefined();
  });

  it("of DECIMAL whose result would have another scale than its type are refused", () => {
    expect(takes("LEAST", decimal(9, 2), decimal(4, 2))).toBe("DECIMAL(9, 2)");
    expect(takes("LEAST", decimal(9, 2), decimal(7, 6))).toBeUndefined();
  });
});

describe("texts", () => {
  it("have positions that wrap around as Java's do", () => {
    const substring = (...values: Value[]) =>
      call("SUBSTRING", [STRING, ...values.slice(1).map(() => INTEGER)], ...values);
    expect(substring("hello", -3)).toBe("llo");
    expect(substring("hello", 0, 2)).toBe("he");
    expect(substring("hello", 9)).toBe("");
    expect(substring("hello", 2, -1)).toBe("");
    expect(substring("hello", 2, 2147483647)).toBe("");
    expect(substring("hello", 1, 2147483647)).toBe("hello");
  });

  it("are searched from the start", () => {
    const instr = (...values: Value[]) => call("INSTR", [STRING, STRING], ...values);
    expect(instr("ababab", "ba")).toBe(2);
    expect(instr("ababab", "c")).toBe(0);
    expect(instr("ab", "")).toBe(1);
    expect(instr("", "")).toBe(0);
    expect(instr(null, "ab")).toBe(0);
    expect(instr("ab", null)).toBe(0);
  });

  it("are padded and cut", () => {
    expect(call("LPAD", [STRING, INTEGER, STRING], "abc", 2, "x")).toBe("ab");
    expect(call("LPAD", [STRING, INTEGER, STRING], "a", 4, "xy")).toBe("xyxa");
    expect(call("RPAD", [STRING, INTEGER, STRING], "a", 4, "xy")).toBe("axyx");
    expect(call("LPAD", [STRING, INTEGER, STRING], "a", 4, "")).toBeNull();
    // So long a text is a matter of Java's memory.
    expect(() => call("LPAD", [STRING, INTEGER, STRING], "a", 2 ** 30, "x")).toThrow(OutsideSubset);
    expect(call("RPAD", [STRING, INTEGER, STRING], "a", -1, "x")).toBeNull();
  });

  it("are split at delimiters, and by the empty one into units", () => {
    expect(call("SPLIT", [STRING, STRING], ",a,,b,", ",")).toEqual(["", "a", "", "b", ""]);
    expect(call("SPLIT", [STRING, STRING], "ab", "")).toEqual(["a", "b"]);
    expect(call("SPLIT", [STRING, STRING], "", "")).toEqual([""]);
    expect(call("SPLIT", [STRING, STRING], "a.b", ".")).toEqual(["a", "b"]);
  });

  it("are replaced literally", () => {
    expect(call("REPLACE", [STRING, STRING, STRING], "a.b", ".", "$&")).toBe("a$&b");
    expect(call("REPLACE", [STRING, STRING, STRING], "ab", "", "-")).toBe("-a-b-");
  });

  it("have upper and lower case by the rules of no language", () => {
    expect(call("UCASE", [STRING], "straße i")).toBe("STRASSE I");
    expect(call("LCASE", [STRING], "ΑΩ İ")).toBe("αω i̇");
    expect(() => call("UCASE", [STRING], "ɤ")).toThrow(OutsideSubset);
    // Java sees the end of a word elsewhere than JavaScript.
    expect(() => call("LCASE", [STRING], "A1Σ")).toThrow(OutsideSubset);
  });

  it("are trimmed of what is not above a space", () => {
    expect(call("TRIM", [STRING], "\u0001 a\u00a0\t")).toBe("a\u00a0");
  });

  it("are masked", () => {
    expect(call("MASK", [STRING], "Ab1-x nX")).toBe("Xxn-x-xX");
    expect(() => call("MASK", [STRING], "é")).toThrow(OutsideSubset);
  });

  it("of NULL are NULL, but for CONCAT", () => {
    expect(call("LEN", [STRING], null)).toBeNull();
    expect(call("CONCAT", [STRING, STRING, STRING], "a", null, "b")).toBe("ab");
  });
});

describe("regular expressions", () => {
  // Java 17; 290,000 random pairs that are not refused had the same answers.
  test.each([
    ["10.500", "\\.?0+$", "10.5<>"],
    ["10.500\n", "\\.?0+$", "10.5<>\n"],
    ["a1b22", "\\d+", "a<>b<>"],
    ["a-b_c d", "[^a-z]", "a<>b<>c<>d"],
    ["a\u0085b\u2028c", ".", "<>\u0085<>\u2028<>"],
    ["aXbXc", "X|b", "a<><><>c"],
    ["foo(bar)", "\\(.*?\\)", "foo<>"],
    ["a,b;c", "[,;]\\s?", "a<>b<>c"],
    ["x\r\ny\r\n", "\\s$", "x\r\ny\r<>"],
    ["abab", "(?:ab){2}", "<>"],
    ["tab\there", "\\t", "tab<>here"],
    ["\u00e9\ud83d\ude00b", "[^b]", "<><>b"],
    ["a.b", "\\.", "a<>b"],
    ["a1.50b2.0", "(\\.\\d+)?b", "a1<>2.0"],
    ["aab", "^a|b$", "<>a<>"],
    ["a\\b/c", "[\\\\/]", "a<>b<>c"],
  ])("%j without %s is %j", (text, pattern, expected) => {
    expect(text.replace(toRegExp(pattern)!, () => "<>")).toBe(expected);
  });

  it.each([
    "a*",
    "",
    "x|",
    "(?<=a)b",
    "(a)\\1",
    "(?i)a",
    "\\bx",
    "a*+",
    "[a&&b]",
    "[a[b]]",
    "\\p{L}",
    "(?<n>a)",
    "a{2,1}",
    "😀",
    "(a",
    "a)",
    "*a",
    "(a?)+b",
    "((a)b)",
    "q(?=2)",
    "a^b",
  ])("%s is refused", (pattern) => {
    expect(toRegExp(pattern)).toBeUndefined();
  });

  it("are literals, and so is what stands in their place, without references", () => {
    const types = [STRING, STRING, STRING];
    expect(functions["REGEXP_REPLACE"]!(types, [undefined, "a", "b"])).toBeDefined();
    expect(functions["REGEXP_REPLACE"]!(types, [undefined, undefined, "b"])).toBeUndefined();
    expect(functions["REGEXP_REPLACE"]!(types, [undefined, "(a)", "$1"])).toBeUndefined();
  });
});

describe("numbers", () => {
  // Java 17's Math.round.
  test.each([
    [2.5, 3n],
    [-2.5, -2n],
    [0.49999999999999994, 0n],
    [-0.4, 0n],
    [1.0e17, 100000000000000000n],
    [9.3e18, 9223372036854775807n],
    [-9.3e18, -9223372036854775808n],
  ])("ROUND(%d) is %d", (value, expected) => {
    expect(call("ROUND", [DOUBLE], value)).toBe(bigint(expected));
  });

  // Java 17's BigDecimal, up above 0 and down below.
  test.each([
    [1.005, 2, 1.01],
    [-1.005, 2, -1.0],
    [2.675, 2, 2.68],
    [1234.5, -2, 1200.0],
    [-1250.0, -2, -1200.0],
    [-0.3, 0, 0.0],
    [1.0e-10, 5, 0.0],
    [1.5e300, 2, 1.5e300],
    [49.0, -2, 0.0],
    [50.0, -2, 100.0],
    [-50.0, -2, 0.0],
  ])("ROUND(%d, %d) is %d", (value, digits, expected) => {
    expect(call("ROUND", [DOUBLE, INTEGER], value, digits)).toBe(expected);
  });

  it("that are no numbers have no digits to round to", () => {
    expect(call("ROUND", [DOUBLE], Number.NaN)).toBe(0);
    expect(() => call("ROUND", [DOUBLE, INTEGER], Number.POSITIVE_INFINITY, 1)).toThrow("no digits");
    expect(() => call("ROUND", [INTEGER], null)).toThrow("NULL");
    expect(call("ROUND", [DOUBLE], null)).toBeNull();
  });

  it("that are DECIMAL are rounded to all sides", () => {
    const type = decimal(5, 2);
    expect(call("ROUND", [type], -250n)).toBe(-2n);
    expect(call("ROUND", [type, INTEGER], 12345n, 1)).toBe(12350n);
    expect(call("ROUND", [type, INTEGER], -12345n, 1)).toBe(-12340n);
    expect(call("ROUND", [type, INTEGER], 12345n, -2)).toBe(10000n);
    expect(call("ROUND", [type, INTEGER], 12345n, 9)).toBe(12345n);
    expect(call("CEIL", [type], -101n)).toBe(-100n);
    expect(call("FLOOR", [type], -101n)).toBe(-200n);
    expect(takes("ROUND", decimal(2, 2))).toBeUndefined();
    expect(takes("ROUND", type)).toBe("DECIMAL(3, 0)");
  });

  it("have signs and sizes at their bounds", () => {
    expect(call("ABS", [BIGINT], -9223372036854775808n)).toBe(-9223372036854775808n);
    expect(call("ABS", [BIGINT], -9007199254740993n)).toBe(9007199254740993n);
    expect(call("SQRT", [DOUBLE], -1)).toBeNaN();
  });

  it("are compared as Java compares", () => {
    const doubles = [DOUBLE, DOUBLE, DOUBLE];
    expect(call("GREATEST", doubles, 1, Number.NaN, null)).toBeNaN();
    expect(call("LEAST", doubles, 0, -0, null)).toBe(-0);
    expect(call("GREATEST", [STRING, STRING], "a", "B")).toBe("a");
    expect(call("LEAST", [BIGINT, BIGINT], 1, -9223372036854775808n)).toBe(-9223372036854775808n);
    expect(call("LEAST", [INTEGER], null)).toBeNull();
  });
});

describe("times", () => {
  const types = [TIMESTAMP, STRING, STRING];

  it("are formatted in a zone", () => {
    expect(call("FORMAT_TIMESTAMP", types, 1600000000123, "yyyy-MM-dd HH:mm X", "America/New_York")).toBe(
      "2020-09-13 08:26 -04",
    );
  });

  it("have patterns and zones that are literals, and known", () => {
    const resolve = (pattern: Value | undefined, zone: Value | undefined) =>
      functions["FORMAT_TIMESTAMP"]!(types, [undefined, pattern, zone]);
    expect(resolve("yyyy", "UTC")).toBeDefined();
    expect(resolve(undefined, "UTC")).toBeUndefined();
    expect(resolve("yyyy", undefined)).toBeUndefined();
    expect(resolve("MMM", "UTC")).toBeUndefined();
    expect(resolve("yyyy", "Nowhere")).toBeUndefined();
    const parsing = (zone: string) =>
      functions["PARSE_TIMESTAMP"]!([STRING, STRING, STRING], [undefined, "yyyy", zone]);
    expect(parsing("UTC")).toBeDefined();
    expect(parsing("Europe/Berlin")).toBeUndefined();
  });

  it("fail for NULL where the parameter is a primitive", () => {
    expect(call("PARSE_TIMESTAMP", [STRING, STRING], null, "yyyy")).toBeNull();
    expect(() => call("STRINGTOTIMESTAMP", [STRING, STRING], null, "yyyy")).toThrow("NULL");
  });

  it("beyond those that a number of milliseconds has are not guessed", () => {
    expect(() => call("FROM_UNIXTIME", [BIGINT], 2n ** 60n)).toThrow(OutsideSubset);
    expect(() => call("TIMESTAMPTOSTRING", [BIGINT, STRING], 9e15, "yyyy")).toThrow(OutsideSubset);
  });
});

describe("lists and choices", () => {
  it("are series in both directions", () => {
    const integers = (...values: number[]) =>
      call(
        "GENERATE_SERIES",
        values.map(() => INTEGER),
        ...values,
      );
    expect(integers(1, 3)).toEqual([1, 2, 3]);
    expect(integers(1, 0)).toEqual([1, 0]);
    expect(integers(2, 2)).toEqual([2]);
    expect(() => call("GENERATE_SERIES", [INTEGER, INTEGER], 1, null)).toThrow("NULL");
    expect(() => integers(0, 20000000)).toThrow(OutsideSubset);
  });

  it("tell -0.0 from 0.0, and NaN from nothing but others", () => {
    expect(call("NULLIF", [DOUBLE, DOUBLE], Number.NaN, Number.NaN)).toBeNull();
    expect(call("NULLIF", [DOUBLE, DOUBLE], 0, -0)).toBe(0);
  });
});
