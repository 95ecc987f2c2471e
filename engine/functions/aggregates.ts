/** Aggregates: https://docs.confluent.io/platform/current/ksqldb/developer-guide/ksqldb-reference/aggregate-functions.html */
import { BIGINT, bigint, isNumber, type SqlType, type Value } from "../language/types.ts";
import { javaCompare } from "../expressions/comparison.ts";
import { decimalText, powerOfTen } from "../expressions/decimal.ts";

/** A state is replaced, never changed: the old one may still be in use when the next is made. */
export interface Aggregate {
  readonly type: SqlType;
  readonly initial: unknown;
  /** Adds a record's arguments to the state. Throws if that ends the query on a server. */
  readonly add: (state: unknown, args: readonly Value[]) => unknown;
}

/**
 * An aggregate for the types of its arguments and the values of those that are literals; undefined if it does not take
 * them. `varying`: how many arguments, from the first, are computed for each record.
 */
type AggregateFunction = (
  types: readonly (SqlType | null)[],
  constants: readonly (Value | undefined)[],
) => { readonly aggregate: Aggregate; readonly varying: number } | undefined;

export const aggregates: Readonly<Record<string, AggregateFunction>> = {
  COUNT: ([type], constants) => {
    if (constants.length > 1) return undefined;
    const all = constants.length === 0;
    const add = (count: unknown, [value]: readonly Value[]) => (all || value !== null ? (count as number) + 1 : count);
    return type === null ? undefined : { aggregate: { type: BIGINT, initial: 0, add }, varying: constants.length };
  },
  SUM: ([type], { length }) => (type && length === 1 ? one(sum(type)) : undefined),
  MIN: ([type], { length }) => (type && length === 1 ? one(extreme(type, -1)) : undefined),
  MAX: ([type], { length }) => (type && length === 1 ? one(extreme(type, 1)) : undefined),
  TOPK: topK,
};

function one(aggregate: Aggregate | undefined): ReturnType<AggregateFunction> {
  return aggregate && { aggregate, varying: 1 };
}

/** Ignores NULL; the sum of nothing is 0. A DECIMAL's 0 has no scale until it has been stored once: it is the number 0. */
function sum(type: SqlType): Aggregate | undefined {
  if (!isNumber(type)) return undefined;
  if (type.base === "INTEGER") {
    const add = (state: number, [value]: readonly Value[]) =>
      value === null ? state : (state + (value as number)) | 0;
    return { type, initial: 0, add: add as Aggregate["add"] };
  }
  if (type.base !== "DECIMAL") {
    const add = (state: number, [value]: readonly Value[]) =>
      value === null ? state : addBigints(state, value as number);
    return { type, initial: 0, add: add as Aggregate["add"] };
  }
  const limit = powerOfTen(type.precision);
  return {
    type,
    initial: undefined,
    add: (state, [value]) => {
      if (value === null) return state === undefined ? 0 : BigInt(state as number | bigint);
      const total = typeof state === "bigint" ? state + (value as bigint) : (value as bigint);
      if (total >= limit || total <= -limit) {
        throw new Error(
          `Numeric field overflow: SUM is ${decimalText(total, type.scale)}, beyond DECIMAL(${type.precision}, ${type.scale})`,
        );
      }
      return total;
    },
  };
}

function addBigints(a: number | bigint, b: number | bigint): number | bigint {
  const total = typeof a === "number" && typeof b === "number" ? a + b : Number.NaN;
  return Number.isSafeInteger(total) ? total : bigint(BigInt.asIntN(64, BigInt(a) + BigInt(b)));
}

/** The smallest or the largest, ignoring NULL. */
function extreme(type: SqlType, direction: 1 | -1): Aggregate | undefined {
  if (!isNumber(type) && type.base !== "STRING") return undefined;
  return {
    type,
    initial: null,
    add: (state, [value]) =>
      value !== null && (state === null || javaCompare(value!, state as NonNullable<Value>) * direction > 0)
        ? value
        : state,
  };
}

/**
 * TOPK(value[, others …], k): the k largest values, NULL left out, largest first; with others a list of structs of
 * `sort_col`, `col0`, `col1` … Of equal values the earlier stays before the later.
 */
function topK(
  types: readonly (SqlType | null)[],
  constants: readonly (Value | undefined)[],
): ReturnType<AggregateFunction> {
  const k = constants.at(-1);
  const [sort, ...others] = types.slice(0, -1);
  if (typeof k !== "number" || k < 1 || types.at(-1)?.base !== "INTEGER") return undefined;
  if (!sort || !["INTEGER", "BIGINT", "STRING"].includes(sort.base) || others.includes(null)) return undefined;
  const fields = [{ name: "sort_col", type: sort }, ...others.map((type, i) => ({ name: `col${i}`, type: type! }))];
  const item: SqlType = others.length === 0 ? sort : { base: "STRUCT", fields };
  const toItem = (args: readonly Value[]): Value => (others.length === 0 ? args[0]! : args.slice());
  const sortOf = (value: Value) => (others.length === 0 ? value : (value as readonly Value[])[0]!)!;
  const add = (state: unknown, args: readonly Value[]) => {
    const list = state as readonly Value[];
    const value = args[0]!;
    if (value === null || (list.length === k && javaCompare(value, sortOf(list.at(-1)!)) <= 0)) return state;
    const place = list.findIndex((other) => javaCompare(sortOf(other), value) < 0);
    const at = place < 0 ? list.length : place;
    return [...list.slice(0, at), toItem(args), ...list.slice(at)].slice(0, k);
  };
  return { aggregate: { type: { base: "ARRAY", item }, initial: [], add }, varying: types.length - 1 };
}
