/** The documented members of a message, as the schema of its topic declares them, and what may stand in each. */
import type { AvroField, AvroRecord } from "../../schemas/avro.ts";
import { unwrap } from "../../schemas/avro.ts";

type Form = "text" | "integer" | "decimal" | "amount" | "side";

/** What a value of the wire is: fit for its field, of another form than documented, or with digits a cast would round. */
type Verdict = "ok" | "mistyped" | "too precise";

/** Fields that no message has: the producer fills them in. */
const ours = new Set(["time", "received_at", "session", "frame", "part", "changes", "extra"]);

/** Name → form of the members that go into fields of their own. Throws on a type that no member is read into. */
export function wireMembers(schema: AvroRecord): ReadonlyMap<string, Form> {
  return new Map(schema.fields.filter((field) => !ours.has(field.name)).map((field) => [field.name, formOf(field)]));
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
 * A decimal is digits with an optional sign and point. NUMERIC holds 29 digits before the point and 9 after it
 * (BigQuery, "Numeric types"): more would be rounded without a word, or fail every query that casts it.
 */
export function examineDecimal(text: string): Verdict {
  let at = 0;
  const first = text.charCodeAt(0);
  if (first === 43 /* + */ || first === 45 /* - */) at = 1;
  const start = at;
  let point = -1;
  for (; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === 46 /* . */ && point === -1) point = at;
    else if (code < 48 || code > 57) return "mistyped";
  }
  const whole = (point === -1 ? at : point) - start;
  const decimals = point === -1 ? 0 : at - point - 1;
  if (whole + decimals === 0) return "mistyped";
  return whole > 29 || decimals > 9 ? "too precise" : "ok";
}
