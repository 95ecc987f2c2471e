/** Functions that agree value for value on both engines: what they take, and what they give. */
import type { Source } from "./parse.ts";
import type { Call } from "./syntax.ts";
import { isNumber, refuseFloat, type Type, type Typed } from "./types.ts";

interface Signature {
  readonly takes: readonly ("anything" | "ordered" | "number" | "time" | "interval")[];
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

/** The functions of the style, in upper case. */
export const functionNames: ReadonlySet<string> = new Set(signatures.keys());

/** The type of a call's value. Throws UserError if the function is not called as both engines have it. */
export function typeOfCall(source: Source, call: Call, given: readonly Typed[]): Type {
  const { at, name, star, distinct, over } = call;
  const { takes, gives, kind } = signatures.get(name)!;
  if (star ? name !== "COUNT" : given.length !== takes.length)
    source.refuse(at, `${name} takes ${takes.length === 0 ? "nothing" : takes.join(", ")} in both engines`);
  if (distinct && (kind !== "aggregate" || over !== null))
    source.refuse(at, `${name} does not take DISTINCT ${over === null ? "" : "with OVER "}in BigQuery`);
  if (over !== null && (kind === "scalar" || kind === "pick"))
    source.refuse(at, `${name} does not take OVER in BigQuery`);
  if (kind === "numbering" && (over === null || over.orderBy.length === 0))
    source.refuse(at, `${name} without ORDER BY numbers the rows in no order: write ${name}() OVER (… ORDER BY …)`);
  for (const [i, argument] of given.entries()) {
    const wanted = takes[i]!;
    const isInterval = call.arguments[i]!.kind === "interval";
    if (wanted !== "anything") refuseFloat(source, argument, name);
    if (isInterval !== (wanted === "interval"))
      source.refuse(argument.at, `${name} takes ${isInterval ? "no INTERVAL" : "an INTERVAL"} here`);
    const fits =
      wanted === "number"
        ? isNumber(argument.type)
        : wanted !== "time" || ["TIMESTAMP", "ANY", "NULL"].includes(argument.type);
    if (!fits) source.refuse(argument.at, `${name} takes a ${wanted} in BigQuery, not ${argument.type}`);
  }
  return gives ?? given[0]!.type;
}
