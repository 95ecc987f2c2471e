/** What a case says of its sources and topics when all statements have been taken: their formats, columns and schemas. */
import type { Analysis } from "../../engine/analysis/analyse.ts";
import type { Source } from "../../engine/analysis/plan.ts";
import { avroSchema } from "../../engine/formats/avro-schema.ts";
import { jsonText, parseJson } from "../../ksqldb/testing/json-text.ts";
import type { Create } from "../../engine/language/ast.ts";
import { parse, StatementError } from "../../engine/language/parse.ts";
import { typeOf, typeText } from "../../engine/language/types.ts";
import { sameJson } from "../../ksqldb/testing/compare.ts";
import type { Members } from "../../ksqldb/testing/records.ts";
import { listOf, textOf } from "./members.ts";

/** `post`: the sources with their formats and columns, and the topics with their formats and schemas. */
export function postFaults(members: Members, { sources }: Analysis): string[] {
  const post = members.get("post") as Members | undefined;
  if (post === undefined) return [];
  const faults: string[] = [];
  for (const expected of listOf(post, "sources") as Members[]) {
    const name = textOf(expected, "name");
    const source = [...sources.values()].find((candidate) => candidate.name === name);
    if (source === undefined) {
      faults.push(`there is no source ${name}`);
      continue;
    }
    const kind = textOf(expected, "type");
    if (kind !== "" && kind.toLowerCase() !== source.kind) faults.push(`${name} is a ${source.kind}, expected ${kind}`);
    faults.push(...formatFaults(expected, source));
    if (typeof expected.get("schema") === "string") {
      const columns = [
        ...source.key.columns.map((column) => ({ ...column, key: " KEY" })),
        ...source.value.columns.map((column) => ({ ...column, key: "" })),
      ];
      const actual = columns.map((column) => `${column.name} ${typeText(column.type)}${column.key}`).join(", ");
      const wanted = schemaText(textOf(expected, "schema"));
      if (actual !== wanted) faults.push(`${name} has the columns ${actual}, expected ${wanted}`);
    }
  }
  const topics = post.get("topics") as Members | undefined;
  for (const expected of topics === undefined ? [] : (listOf(topics, "topics") as Members[])) {
    const source = [...sources.values()].find(({ topic }) => topic === textOf(expected, "name"));
    if (source === undefined) {
      faults.push(`there is no topic ${textOf(expected, "name")}`);
      continue;
    }
    faults.push(...formatFaults(expected, source));
    if (expected.has("keySchema")) faults.push(`the key of ${source.topic} has no schema, and one is expected`);
    const schema = expected.get("valueSchema");
    const actual = JSON.stringify(avroSchema(source.value));
    if (schema !== undefined && !sameJson(parseJson(actual), schema))
      faults.push(`the value schema of ${source.topic} is ${actual}, expected ${jsonText(schema)}`);
  }
  return faults;
}

/** A format is a text or {"format": …}, of the key with the kind of its window beside it. */
function formatFaults(expected: Members, source: Source): string[] {
  const faults: string[] = [];
  for (const [side, actual] of [
    ["key", "KAFKA"],
    ["value", "AVRO"],
  ] as const) {
    const format = expected.get(`${side}Format`);
    const told = (member: string) => (format instanceof Map ? textOf(format as Members, member) : "");
    const wanted = format instanceof Map ? told("format") : textOf(expected, `${side}Format`);
    if (wanted !== "" && wanted !== actual)
      faults.push(`${source.name} has the ${side} format ${actual}, expected ${wanted}`);
    const window = told("windowType");
    if (wanted !== "" && side === "key" && (window !== "") !== (source.windowSize !== undefined))
      faults.push(`${source.name} has ${source.windowSize === undefined ? "no window" : "windows"} in its key`);
    if (!["", "TUMBLING"].includes(window)) faults.push(`${source.name} should have ${window} windows`);
    const size = told("windowSize");
    if (size !== "" && Number(size) !== source.windowSize)
      faults.push(`${source.name} has windows of ${source.windowSize} ms, expected ${size}`);
    if (side === "value" && listOf(expected, "valueFeatures").includes("UNWRAP_SINGLES"))
      faults.push(`the value of ${source.name} is not wrapped`);
  }
  return faults;
}

/** The columns of a schema's text as ours are written; the text itself where it has a type that is not known here. */
function schemaText(schema: string): string {
  try {
    const [statement] = parse(`CREATE STREAM x (${schema}) WITH (x = 'x');`, "schema");
    const texts = (statement as Create).columns.map(({ name, type, key }) => {
      const known = typeOf(type, (at, reason) => {
        throw new StatementError("schema", at, reason);
      });
      return `${name} ${typeText(known)}${key === "" ? "" : " KEY"}`;
    });
    return texts.join(", ");
  } catch (error) {
    if (error instanceof StatementError) return schema;
    throw error;
  }
}
