/**
 * Expressions by themselves, whatever the format of the records: those of the cases that a real ksqlDB answered, and of
 * ksqlDB's own tests, each over the rows of its case. Those outside the subset are not looked at here.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { sourceScope } from "../../engine/analysis/scope.ts";
import { decimalText, parseDecimal } from "../../engine/expressions/decimal.ts";
import { typed } from "../../engine/expressions/expression.ts";
import { OutsideSubset } from "../../engine/expressions/typed.ts";
import type { Create, CreateAs, Item } from "../../engine/language/ast.ts";
import { parse, StatementError, type Refuse } from "../../engine/language/parse.ts";
import { bigint, typeOf, typeText, type SqlType, type Value } from "../../engine/language/types.ts";
import { sameJson } from "../../ksqldb/testing/compare.ts";
import { JsonNumber, parseJson, type Json } from "../../ksqldb/testing/json-text.ts";
import type { Members } from "../../ksqldb/testing/records.ts";
import { listOf, textOf } from "../conformance/members.ts";
import { describeOracle, describeQtt } from "../evidence.ts";

const refuse: Refuse = (at, reason, kind, missing) => {
  throw new StatementError("case", at, reason, kind, missing);
};

/** Undefined if it is refused. */
function unlessRefused<T>(answer: () => T): T | undefined {
  try {
    return answer();
  } catch (error) {
    if (error instanceof StatementError) return undefined;
    throw error;
  }
}

interface Answer {
  readonly name: string;
  readonly type: SqlType;
  readonly values: readonly Json[];
  readonly logged: boolean;
}

/** The items of a case's SELECT list that are in the subset, by their names, each over the case's inputs. */
function answersOf(members: Members): Answer[] {
  const statements = unlessRefused(() =>
    listOf(members, "statements").flatMap((text) => parse((text as string).replace(/;?\s*$/, ";"), "case")),
  );
  const [create, select, more] = statements ?? [];
  if (create?.kind !== "create" || select?.kind !== "createAs" || more !== undefined) return [];
  return select.query.items.flatMap((item) => unlessRefused(() => answerOf(item, create, select, members)) ?? []);
}

function answerOf(item: Item, create: Create, { query }: CreateAs, members: Members): Answer | undefined {
  if (item.kind !== "item" || item.name === null || query.group !== null || query.partition !== null) return undefined;
  // Keys may have several columns in these cases: none of them is asked for here.
  const columns = create.columns.flatMap(
    ({ name, type, key }) => unlessRefused(() => (key === "" ? { name, type: typeOf(type, refuse) } : undefined)) ?? [],
  );
  const key = { name: "the key", type: { base: "STRING" } } as const;
  const source = {
    kind: "stream",
    name: create.name.name,
    topic: "t",
    key: { columns: [key] },
    value: { columns, schemaName: "t" },
    windowSize: undefined,
    properties: new Map<string, string>(),
    file: "case",
  } as const;
  const scope = sourceScope(source, [query.from.alias?.name ?? query.from.name.name], refuse);
  const { type, evaluate } = typed(item.expression, scope);
  if (type === null) return undefined;
  let logged = false;
  const values = (listOf(members, "inputs") as Members[]).map((input, i): Json => {
    const value = input.get("value");
    const fields = value instanceof Map ? upperCase(value as Members) : new Map<string, Json>();
    const row = columns.map((column) => fromJson(fields.get(column.name.toUpperCase()) ?? null, column.type));
    const time = input.get("timestamp") instanceof JsonNumber ? Number((input.get("timestamp") as JsonNumber).text) : 0;
    try {
      return toJson(
        evaluate([...row, null, time, 0, i], () => (logged = true)),
        type,
      );
    } catch (error) {
      expect(error).not.toBeInstanceOf(OutsideSubset);
      logged = true;
      return null;
    }
  });
  return { name: item.name.name, type, values, logged };
}

const upperCase = (members: Members): Members =>
  new Map([...members].map(([name, value]) => [name.toUpperCase(), value]));

function fromJson(json: Json, type: SqlType): Value {
  if (json === null) return null;
  const text = json instanceof JsonNumber ? json.text : json;
  if (type.base === "DECIMAL") return parseDecimal(text as string, type);
  if (type.base === "INTEGER" || type.base === "BIGINT") return bigint(BigInt(text as string));
  if (type.base === "ARRAY") return (json as readonly Json[]).map((item) => fromJson(item, type.item));
  if (type.base !== "STRUCT") return text as Value;
  const members = upperCase(json as Members);
  return type.fields.map(({ name, type: of }) => fromJson(members.get(name.toUpperCase()) ?? null, of));
}

function toJson(value: Value, type: SqlType): Json {
  if (value === null) return null;
  if (type.base === "DECIMAL") return new JsonNumber(decimalText(value as bigint, type.scale));
  if (type.base === "INTEGER" || type.base === "BIGINT") return new JsonNumber(String(value));
  const items = value as readonly Value[];
  if (type.base === "ARRAY") return items.map((item) => toJson(item, type.item));
  if (type.base !== "STRUCT") return value as boolean | string;
  return new Map(type.fields.map(({ name, type: of }, i) => [name, toJson(items[i]!, of)]));
}

const casesOf = (file: string) =>
  readFileSync(file, "utf8")
    .trim()
    .split("\n")
    .map((line) => parseJson(line) as Members);

/** Expects an answer's values in the outputs of its case. */
function expectValues({ name, type, values }: Answer, members: Members): void {
  const outputs = (listOf(members, "outputs") as Members[]).map(
    (output) => upperCase(output.get("value") as Members).get(name.toUpperCase()) ?? null,
  );
  const wrong = values.filter((value, i) => !sameJson(value, outputs[i]!, type));
  expect({ wrong, expected: wrong.length > 0 ? outputs : [] }).toEqual({ wrong: [], expected: [] });
}

const isNegative = (members: Members) => members.has("expectedException");

describeOracle("an expression that a real ksqlDB answered", (oracle) => {
  const cases = casesOf(join(oracle, "expressions.ndjson")).map((members) => ({
    name: textOf(members, "name"),
    members,
    answer: answersOf(members).at(-1),
  }));
  const answered = cases.filter(({ answer, members }) => answer !== undefined && !isNegative(members));

  it.each(answered)("$name", ({ members, answer }) => {
    expect(typeText(answer!.type)).toBe(textOf(members, "type"));
    expectValues(answer!, members);
    expect(answer!.logged).toBe(textOf(members, "logged") !== "0");
  });

  it("is one of 97; what it refused is refused", () => {
    expect(answered).toHaveLength(97);
    expect(cases.filter(({ answer, members }) => answer !== undefined && isNegative(members))).toEqual([]);
  });
});

describeQtt("an expression of ksqlDB's own tests", (qtt) => {
  it("has its value in every row", () => {
    let answered = 0;
    for (const members of casesOf(join(qtt, "cases.ndjson"))) {
      const outputs = listOf(members, "outputs") as Members[];
      const isComparable = outputs.every((output) => output.get("value") instanceof Map);
      if (isNegative(members) || !isComparable || outputs.length !== listOf(members, "inputs").length) continue;
      for (const answer of answersOf(members)) {
        expectValues(answer, members);
        answered++;
      }
    }
    expect(answered).toBeGreaterThan(30);
  });
});
