/** Whether records are those that a test expects. */
import type { Source } from "../../engine/analysis/plan.ts";
import { parseExact, rescale } from "../../engine/expressions/decimal.ts";
import { rootOf } from "../../engine/formats/sides.ts";
import { JsonNumber, jsonText, type Json } from "./json-text.ts";
import type { SqlType } from "../../engine/language/types.ts";
import type { CaseRecord } from "./records.ts";

/** What of a derived topic's records differs from what is expected, one text a record. */
export function compareRecords(
  source: Source,
  actual: readonly CaseRecord[],
  expected: readonly CaseRecord[],
): string[] {
  const { topic } = source;
  const faults = expected.flatMap((record, i) => {
    const other = actual[i];
    return other !== undefined && sameRecord(source, other, record)
      ? []
      : [`${topic}[${i}]: expected ${show(record)}\n  got ${other === undefined ? "nothing" : show(other)}`];
  });
  const more = actual.slice(expected.length).map((record) => `${topic}: not expected: ${show(record)}`);
  return [...faults, ...more];
}

function sameRecord(source: Source, actual: CaseRecord, expected: CaseRecord): boolean {
  return (
    sameJson(actual.key, expected.key, source.key.columns[0].type) &&
    sameJson(actual.value, expected.value, rootOf(source.value)) &&
    (expected.timestamp === undefined || actual.timestamp === expected.timestamp) &&
    actual.window?.start === expected.window?.start &&
    actual.window?.end === expected.window?.end
  );
}

function show({ key, value, timestamp, window }: CaseRecord): string {
  const at = window === undefined ? "" : ` in [${window.start}, ${window.end})`;
  return `${jsonText(key)} → ${jsonText(value)} at ${timestamp ?? "any time"}${at}`;
}

/**
 * Whether an output is what was expected: numbers by value, a DECIMAL also as text, an object's
 * members in any order.
 */
export function sameJson(actual: Json, expected: Json, type?: SqlType): boolean {
  if (actual instanceof JsonNumber) return sameNumber(actual, expected, type);
  if (Array.isArray(actual) && Array.isArray(expected)) {
    const other: readonly Json[] = expected;
    const item = type?.base === "ARRAY" ? type.item : undefined;
    return actual.length === other.length && actual.every((one: Json, i) => sameJson(one, other[i]!, item));
  }
  if (actual instanceof Map && expected instanceof Map) {
    const a: ReadonlyMap<string, Json> = actual;
    const b: ReadonlyMap<string, Json> = expected;
    return (
      a.size === b.size &&
      [...a].every(([name, value]) => b.has(name) && sameJson(value, b.get(name)!, memberType(type, name)))
    );
  }
  return actual === expected;
}

function memberType(type: SqlType | undefined, name: string): SqlType | undefined {
  return type?.base === "STRUCT" ? type.fields.find((field) => field.name === name)?.type : undefined;
}

function sameNumber(actual: JsonNumber, expected: Json, type: SqlType | undefined): boolean {
  const text = expected instanceof JsonNumber ? expected.text : type?.base === "DECIMAL" ? expected : undefined;
  if (typeof text !== "string") return false;
  const a = parseExact(actual.text);
  const b = parseExact(text);
  const scale = Math.max(a.scale, b.scale);
  return rescale(a.units, a.scale, scale) === rescale(b.units, b.scale, scale);
}
