/** Functions that agree value for value on both engines: what they take, and what they give. */
import type { Source } from "./source.ts";
import type { Call } from "./syntax.ts";
import { isNumber, refuseFloat, type Type, type Typed } from "./types.ts";

type Takes = "anything" | "ordered" | "number" | "time" | "interval";

interface Signature {
  readonly takes: readonly Takes[];
  /** The type of its value; undefined for that of the first argument. */
  readonly gives: Type | undefined;
  readonly kind: "scalar" | "aggregate" | "pick" | "numbering";
}

const signatures = new Map<string, Signature>([
  ["COUNT", { takes: ["anything"], gives: "INT64", kind: "aggregate" }],
  ["MAX", { takes: ["ordered"], gives: undefined, kind: "aggregate" }],
  ["MAX_BY", { takes: ["anything", "ordered"], gives: undefined, kind: "pick" }],
  ["MIN", { takes: ["ordered"], gives: undefined, kind: "aggregate" }],
  ["MIN_BY", { takes: ["anything", "ordered"], gives: undefined, kind: "pick" }],
  ["ROW_NUMBER", { takes: [], gives: "INT64", kind: "numbering" }],
  ["SUM", { takes: ["number"], gives: undefined, kind: "aggregate" }],
  ["TIMESTAMP_ADD", { takes: ["time", "interval"], gives: "TIMESTAMP", kind: "scalar" }],
  ["TIMESTAMP_SUB", { takes: ["time", "interval"], gives: "TIMESTAMP", kind: "scalar" }],
  ["TIMESTAMP_BUCKET", { takes: ["time", "interval", "time"], gives: "TIMESTAMP", kind: "scalar" }],
]);

/** Whether a word, in upper case, is a function of the style. CAST is, with a syntax of its own. */
export function isFunction(word: string): boolean {
  return word === "CAST" || signatures.has(word);
}

/** The type of a call's value. Throws UserError where the function is called otherwise than both engines have it. */
export function typeOfCall(source: Source, call: Call, given: readonly Typed[]): Type {
  const name = call.at.word;
  const { takes, gives, kind } = signatures.get(name)!;
  if (call.star ? name !== "COUNT" : given.length !== takes.length) {
    source.refuse(call.at, `${name} takes ${takes.length === 0 ? "nothing" : takes.join(", ")} in both engines`);
  }
  checkModifiers(source, call, kind);
  given.forEach((argument, i) => checkArgument(source, name, argument, call, takes[i]!, i));
  return gives ?? given[0]!.type;
}

function checkModifiers(source: Source, { at, distinct, over }: Call, kind: Signature["kind"]): void {
  if (distinct && (kind !== "aggregate" || over !== undefined)) {
    source.refuse(at, `${at.word} does not take DISTINCT ${over === undefined ? "" : "with OVER "}in BigQuery`);
  }
  if (over !== undefined && (kind === "scalar" || kind === "pick")) {
    source.refuse(at, `${at.word} does not take OVER in BigQuery`);
  }
  if (kind === "numbering" && (over === undefined || over.orderBy.length === 0)) {
    source.refuse(
      at,
      `${at.word} without ORDER BY numbers the rows in no order: write ${at.word}() OVER (… ORDER BY …)`,
    );
  }
}

function checkArgument(source: Source, name: string, argument: Typed, call: Call, takes: Takes, i: number): void {
  const interval = call.arguments[i]!.kind === "interval";
  if (takes !== "anything") refuseFloat(source, argument, name);
  if (interval !== (takes === "interval")) {
    source.refuse(argument.at, `${name} takes ${interval ? "no INTERVAL" : "an INTERVAL"} here`);
  }
  const fits =
    takes === "number"
      ? isNumber(argument.type)
      : takes !== "time" || ["TIMESTAMP", "ANY", "NULL"].includes(argument.type);
  if (!fits) source.refuse(argument.at, `${name} takes a ${takes} in BigQuery, not ${argument.type}`);
}
