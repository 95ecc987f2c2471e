/**
 * The exchange's messages by type: the topic of each, the members it must have, and the form of every member, as the schema
 * of the topic declares it.
 */
import type { AvroField, AvroRecord } from "../../../schemas/avro.ts";
import { unwrap } from "../../../schemas/avro.ts";
import { bigNumeric, examineDecimal, hasExponent, numeric, spellOut, type Verdict } from "./decimal.ts";
import { isOwn } from "./own.ts";

export interface Kind {
  readonly topic: "coinbase_full" | "coinbase_ticker" | "coinbase_level2";
  /** Required besides `type` and `product_id`. */
  readonly required: readonly string[];
  /** The member that holds its time, and whether the frame must have it. */
  readonly time: { readonly member: "time" | "timestamp"; readonly required: boolean };
  /** Members without a field of the same name: the time, and the lists of a book. */
  readonly apart: readonly string[];
}

const timed = { member: "time", required: true } as const;
const perhapsTimed = { member: "time", required: false } as const;
const apart = ["time"];
const order: Kind = { topic: "coinbase_full", required: ["sequence", "order_id"], time: timed, apart };
const match: Kind = { ...order, required: ["sequence", "trade_id", "price", "size", "side"] };
const stop = { member: "timestamp", required: true } as const;

export const kinds: ReadonlyMap<string, Kind> = new Map<string, Kind>([
  ["received", order],
  ["open", order],
  ["done", order],
  ["change", order],
  ["match", match],
  ["last_match", match],
  ["activate", { topic: "coinbase_full", required: ["order_id"], time: stop, apart: ["timestamp"] }],
  ["ticker", { topic: "coinbase_ticker", required: ["sequence"], time: perhapsTimed, apart }],
  ["snapshot", { topic: "coinbase_level2", required: [], time: perhapsTimed, apart: ["time", "bids", "asks"] }],
  ["l2update", { topic: "coinbase_level2", required: [], time: perhapsTimed, apart: ["time", "changes"] }],
]);

/** Microseconds that the exchange's clock may be ahead of ours; a later time is not believed. */
export const mostAhead = 10 * 60 * 1e6;

type Form = "text" | "integer" | "decimal" | "amount" | "side";

/** Fields that the producer fills in; no message has them. */
const ours = new Set(["time", "received_at", "session", "frame", "part", "changes", "extra"]);

/**
 * The form of every member that has a field; with `dropsOwn` without the members of the account's own orders, even if the
 * schema has fields for them. Throws if a field has a type other than string and long.
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

/** Whether a value has a form. */
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
      // Half a surrogate pair, which JSON can escape, cannot be encoded as UTF-8.
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
 * The decimal without exponent that equals a member with one; "too precise" if NUMERIC cannot hold it, undefined if the
 * member is not such a number. `textOf` returns the member as the frame has it: JSON.parse would round a number.
 */
export function readExponent(value: unknown, form: Form, textOf: () => string): string | undefined {
  if (form !== "decimal" && form !== "amount") return undefined;
  const text = typeof value === "string" ? value : typeof value === "number" ? textOf() : "";
  if (!hasExponent(text)) return undefined;
  return form === "decimal" ? (spellOut(text, numeric) ?? "too precise") : spellOut(text, bigNumeric);
}

const formNames: Record<string, string> = {
  text: "text",
  integer: "an integer from 0 to below 2^53",
  decimal: "a decimal",
  amount: "a decimal",
  side: "buy or sell",
  time: "a time",
};

/** Says that a required member is missing, or which form it does not have. */
export function fault(message: Readonly<Record<string, unknown>>, name: string, form: string): string {
  const value = message[name];
  const missing = value === undefined || value === null || value === "";
  return missing ? `\`${name}\` is missing` : `\`${name}\` is not ${formNames[form]}`;
}
