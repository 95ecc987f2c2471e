/** Which overload of a function takes the arguments: that of exactly their types, else the only one by implicit casts. */
import type { SqlType, Value } from "../language/types.ts";
import type { Resolved, ScalarFunction } from "./function.ts";

type Evaluate = Resolved["evaluate"];

export interface Overload {
  /** A DECIMAL stands for all of them. */
  readonly params: readonly SqlType[];
  /** Undefined where the types of the arguments are outside the subset. */
  readonly make: (types: readonly SqlType[]) => Pick<Resolved, "type" | "evaluate"> | undefined;
}

/** An overload of one result type; `nulls` makes of the function what it does with NULL. */
export function overload(
  params: readonly SqlType[],
  type: SqlType,
  evaluate: (...args: never[]) => Value,
  nulls = unlessNull,
): Overload {
  return { params, make: () => ({ type, evaluate: nulls(evaluate) }) };
}

/** NULL for a NULL argument. */
export function unlessNull(evaluate: (...args: never[]) => Value): Evaluate {
  return (...args) => (args.includes(null) ? null : evaluate(...(args as never[])));
}

/** A NULL argument is an error: the parameter is a primitive of Java. */
export function orFail(evaluate: (...args: never[]) => Value): Evaluate {
  return (...args) => {
    if (args.includes(null)) throw new Error("an argument is NULL");
    return evaluate(...(args as never[]));
  };
}

/** A function of these overloads, all that ksqlDB has for types of the subset. A bare NULL is no argument. */
export function overloaded(...overloads: readonly Overload[]): ScalarFunction {
  return (args) => {
    const types = args.filter((type) => type !== null);
    if (types.length < args.length) return undefined;
    const taking = (takes: (type: SqlType, param: SqlType) => boolean) =>
      overloads.filter(({ params }) => params.length === types.length && params.every((to, i) => takes(types[i]!, to)));
    const exact = taking((type, param) => type.base === param.base);
    const [chosen, other] = exact.length > 0 ? exact : taking(widens);
    // More than one is ambiguous: ksqlDB refuses it too.
    if (chosen === undefined || other !== undefined) return undefined;
    const casts = types.map((type, i) => (type.base === chosen.params[i]!.base ? type : chosen.params[i]!));
    const made = chosen.make(casts);
    return made && { ...made, casts };
  };
}

const numbers: readonly SqlType["base"][] = ["INTEGER", "BIGINT", "DECIMAL", "DOUBLE"];

/** Whether ksqlDB casts a type to another without being told. */
export function widens({ base }: SqlType, to: SqlType): boolean {
  if (base === to.base) return true;
  if (base === "STRING") return to.base === "TIMESTAMP";
  return numbers.includes(base) && numbers.indexOf(base) < numbers.indexOf(to.base);
}
