/** Which overload of a function takes the arguments: that of exactly their types, else the only one by implicit casts. */
import { BIGINT, DOUBLE, decimal, INTEGER, STRING, TIMESTAMP, type SqlType, type Value } from "../language/types.ts";
import type { Resolved, ScalarFunction } from "./function.ts";

type Base = SqlType["base"];
type Made = Omit<Resolved, "casts">;

export interface Overload {
  readonly params: readonly Base[];
  /** The last parameter stands for one argument and more. */
  readonly variadic: boolean;
  /** Undefined where the types, as they are after the casts, are outside the subset. A bare NULL has none. */
  readonly make: (types: readonly (SqlType | null)[]) => Made | undefined;
}

/** An overload of one result type. `evaluate` gets values of the types of the parameters. */
export function overload(params: readonly Base[], type: SqlType, evaluate: Made["evaluate"]): Overload {
  return { params, variadic: false, make: () => ({ type, evaluate }) };
}

/** A function of these overloads, all that ksqlDB has for types of the subset. A bare NULL is no argument. */
export function overloaded(...overloads: readonly Overload[]): ScalarFunction {
  return (args) => (args.includes(null) ? undefined : resolve(overloads, args));
}

/** As `overloaded`, with a bare NULL, which fits every parameter. */
export function resolve(overloads: readonly Overload[], args: readonly (SqlType | null)[]): Resolved | undefined {
  const exact = overloads.filter((candidate) => takes(candidate, args, (type, param) => type.base === param));
  const candidates = exact.length > 0 ? exact : overloads.filter((candidate) => takes(candidate, args, widens));
  const [chosen] = candidates;
  // More than one is ambiguous: ksqlDB refuses it too.
  if (chosen === undefined || candidates.length > 1) return undefined;
  const casts = args.map((type, i) => castTo(type, paramAt(chosen, i)!));
  const made = chosen.make(casts.map((type, i) => (args[i] === null ? null : type)));
  return made && { ...made, casts };
}

function takes(
  { params, variadic }: Overload,
  args: readonly (SqlType | null)[],
  fits: (type: SqlType, param: Base) => boolean,
): boolean {
  const enough = variadic ? args.length >= params.length : args.length === params.length;
  return enough && args.every((type, i) => type === null || fits(type, paramAt({ params }, i)!));
}

function paramAt({ params }: Pick<Overload, "params">, i: number): Base | undefined {
  return params[Math.min(i, params.length - 1)];
}

const numbers: readonly Base[] = ["INTEGER", "BIGINT", "DECIMAL", "DOUBLE"];

function widens({ base }: SqlType, param: Base): boolean {
  if (base === param) return true;
  if (base === "STRING") return param === "TIMESTAMP";
  return numbers.includes(base) && numbers.indexOf(base) < numbers.indexOf(param);
}

/** The type that an implicit cast to a parameter gives. */
function castTo(type: SqlType | null, param: Base): SqlType {
  if (type?.base === param) return type;
  if (param === "DECIMAL") return type?.base === "INTEGER" ? decimal(10, 0) : decimal(19, 0);
  return [INTEGER, BIGINT, DOUBLE, TIMESTAMP].find(({ base }) => base === param) ?? STRING;
}

/** NULL for a NULL argument. */
export function unlessNull(evaluate: (...args: never[]) => Value): Made["evaluate"] {
  return (...args) => (args.includes(null) ? null : evaluate(...(args as never[])));
}

/** A NULL argument is an error: the parameter is a primitive of Java. */
export function orFail(evaluate: (...args: never[]) => Value): Made["evaluate"] {
  return (...args) => {
    if (args.includes(null)) throw new Error("an argument is NULL");
    return evaluate(...(args as never[]));
  };
}
