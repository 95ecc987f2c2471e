/** The documented members of a message, as the schema of its topic declares them, and what may stand in each. */
import type { AvroField, AvroRecord } from "../../../schemas/avro.ts";
import { unwrap } from "../../../schemas/avro.ts";
import { bigNumeric, examineDecimal, hasExponent, numeric, spellOut, type Verdict } from "./decimal.ts";
import { isOwn } from "./own.ts";

type Form = "text" | "integer" | "decimal" | "amount" | "side";

/** Fields that no message has: the producer fills them in. */
const ours = new Set(["time", "received_at", "session", "frame", "part", "changes", "extra"]);

/**
 * Name → form of the members that go into fields of their own; with `dropsOwn` without those that mark the account's own
 * orders, whatever the schema has. Throws on a type that no member is read into.
 */
export function wireMembers(schema: AvroRecord, dropsOwn: boolean): ReadonlyMap<string, Form> {
  const read = schema.fields.filter(({ name }) => !ours.has(name) && !(dropsOwn && isOwn(name)));
  return new Map(read.map((field) => [field.name, formOf(field)]));
}

function formOf(field: AvroField): Form {
  const { type } = unwrap(field.type);
  if (type === "long") return "integer";
  if (type === "string") return field.format ?? "text";
  throw new Error(`no member of a frame is read into the type of the field ${field.name}: use string or long`);
}

export function examine(value: unknown, form: Form): Verdict {
  // Counters of the exchange. avsc refuses 2^53 - 1, and writes large negative numbers wrongly.
  if (form === "integer") {
    return Number.isSafeInteger(value) && (value as number) >= 0 && value !== Number.MAX_SAFE_INTEGER
      ? "ok"
      : "mistyped";
  }
  if (typeof value !== "string") return "mistyped";
  switch (form) {
    case "text":
      // Half a surrogate pair, which JSON can escape, has no UTF-8.
      return value.isWellFormed() ? "ok" : "mistyped";
    case "side":
      return value === "buy" || value === "sell" ? "ok" : "mistyped";
    case "amount":
      return examineDecimal(value) === "mistyped" ? "mistyped" : "ok";
    case "decimal":
      return examineDecimal(value);
  }
}

/**
 * What a member with an exponent, and so not of its form, stands for: a decimal as text, "too precise" where that is beyond
 * NUMERIC; undefined where it is none. `textOf` gives it as it stands in the frame: JSON.parse would round a number.
 */
export function readExponent(value: unknown, form: Form, textOf: () => string): string | undefined {
  if (form !== "decimal" && form !== "amount") return undefined;
  const text = typeof value === "string" ? value : typeof value === "number" ? textOf() : "";
  if (!hasExponent(text)) return undefined;
  return form === "decimal" ? (spellOut(text, numeric) ?? "too precise") : spellOut(text, bigNumeric);
}
