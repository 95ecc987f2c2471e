/** Aggregates: https://docs.confluent.io/platform/current/ksqldb/developer-guide/ksqldb-reference/aggregate-functions.html */
import { BIGINT, bigint, DOUBLE, type SqlType, type Value } from "../language/types.ts";
import { javaCompare } from "../expressions/comparison.ts";
import { decimalText, powerOfTen } from "../expressions/decimal.ts";

/** States are values that are replaced, never changed: one may be kept while the next is made. */
export interface Aggregate {
  readonly type: SqlType;
  /** Its state is a struct or a list: DELIMITED can not hold it between two records. */
  readonly structured: boolean;
  readonly initial: unknown;
  /** A record's arguments into the state. Throws where that ends the query on a server. */
  readonly add: (state: unknown, args: readonly Value[]) => unknown;
  readonly result: (state: unknown) => Value;
}

/**
 * An aggregate for the types of its arguments and the values of those that are literals; undefined where it does not take
 * them. `varying`: how many arguments, from the first, are computed anew for each record.
 */
export type AggregateFunction = (
  types: readonly (SqlType | null)[],
  constants: readonly (Value | undefined)[],
) => { readonly aggregate: Aggregate; readonly varying: number } | undefined;

export const aggregates: Readonly<Record<string, AggregateFunction>> = {
  COUNT: ([type], constants) => {
    if (constants.length > 1) return undefined;
    const all = constants.length === 0;
    const add = (count: unknown, [value]: readonly Value[]) => (all || value !== null ? (count as number) + 1 : count);
    return type === null ? undefined : { aggregate: { ...plain(BIGINT), initial: 0, add }, varying: constants.length };
  },
  SUM: ([type], { length }) => (type && length === 1 ? one(sum(type)) : undefined),
  AVG: ([type], { length }) => (type && length === 1 ? one(average(type)) : undefined),
  MIN: ([type], { length }) => (type && length === 1 ? one(extreme(type, -1)) : undefined),
  MAX: ([type], { length }) => (type && length === 1 ? one(extreme(type, 1)) : undefined),
  EARLIEST_BY_OFFSET: (types, constants) => byOffset(types, constants, "first"),
  LATEST_BY_OFFSET: (types, constants) => byOffset(types, constants, "last"),
  TOPK: topK,
};

type Scalar = NonNullable<Value>;

function plain(type: SqlType): Omit<Aggregate, "initial" | "add"> {
  return { type, structured: false, result: (state) => state as Value };
}

function one(aggregate: Aggregate | undefined): ReturnType<AggregateFunction> {
  return aggregate && { aggregate, varying: 1 };
}

/** Passes over NULL. Of nothing but NULL it is 0; a DECIMAL's 0 has no scale before it was stored once: the number 0. */
function sum(type: SqlType): Aggregate | undefined {
  switch (type.base) {
    case "INTEGER":
      return {
        ...plain(type),
        initial: 0,
        add: (state, [value]) => (value === null ? state : ((state as number) + (value as number)) | 0),
      };
    case "BIGINT":
      return {
        ...plain(type),
        initial: 0,
        add: (state, [value]) => (value === null ? state : addBigints(state as number, value as number)),
      };
    case "DOUBLE":
      return {
        ...plain(type),
        initial: 0,
        add: (state, [value]) => (value === null ? state : (state as number) + (value as number)),
      };
    case "DECIMAL": {
      const limit = powerOfTen(type.precision);
      return {
        ...plain(type),
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
    case "ARRAY":
    case "BOOLEAN":
    case "MAP":
    case "STRING":
    case "STRUCT":
    case "TIMESTAMP":
      return undefined;
  }
}

function addBigints(a: number | bigint, b: number | bigint): number | bigint {
  const total = typeof a === "number" && typeof b === "number" ? a + b : Number.NaN;
  return Number.isSafeInteger(total) ? total : bigint(BigInt.asIntN(64, BigInt(a) + BigInt(b)));
}

/** The sum wraps around as that of its type does; 0 of nothing. */
function average(type: SqlType): Aggregate | undefined {
  const total = sum(type);
  if (total === undefined || type.base === "DECIMAL") return undefined;
  return {
    type: DOUBLE,
    structured: true,
    initial: [total.initial, 0],
    add: (state, args) => {
      const [value, count] = state as [unknown, number];
      return args[0] === null ? state : [total.add(value, args), count + 1];
    },
    result: (state) => {
      const [value, count] = state as [number | bigint, number];
      return count === 0 ? 0 : Number(value) / count;
    },
  };
}

/** The smallest or the largest, passing over NULL. */
function extreme(type: SqlType, direction: 1 | -1): Aggregate | undefined {
  if (!["INTEGER", "BIGINT", "DOUBLE", "DECIMAL", "TIMESTAMP", "STRING"].includes(type.base)) return undefined;
  const beats = (a: Scalar, b: Scalar) => javaCompare(a, b) * direction > 0;
  return {
    ...plain(type),
    initial: null,
    add: (state, [value]) => (value !== null && (state === null || beats(value!, state as Scalar)) ? value : state),
  };
}

/** EARLIEST and LATEST_BY_OFFSET(value[, n][, ignoreNulls]): in the order of processing. With n a list. */
function byOffset(
  [type, ...optionTypes]: readonly (SqlType | null)[],
  [, ...options]: readonly (Value | undefined)[],
  which: "first" | "last",
): ReturnType<AggregateFunction> {
  const count = optionTypes[0]?.base === "INTEGER" ? options.shift() : undefined;
  const ignoreNulls = typeof options[0] === "boolean" ? options.shift() : true;
  if (!type || type.base === "MAP" || type.base === "ARRAY" || options.length > 0) return undefined;
  if (count !== undefined && !((count as number) >= 1)) return undefined;
  const passes = (value: Value) => value === null && ignoreNulls === true;
  if (count === undefined) {
    const add = (state: unknown, [value]: readonly Value[]) =>
      passes(value!) || (which === "first" && state !== undefined) ? state : value;
    return one({ type, structured: true, initial: undefined, add, result: (state) => (state ?? null) as Value });
  }
  const add = (state: unknown, [value]: readonly Value[]) => {
    const list = state as readonly Value[];
    if (passes(value!) || (which === "first" && list.length === count)) return state;
    return [...list, value!].slice(-(count as number));
  };
  return one({ ...plain({ base: "ARRAY", item: type }), structured: true, initial: [], add });
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
  if (!sort || !["INTEGER", "BIGINT", "DOUBLE", "STRING"].includes(sort.base) || others.includes(null))
    return undefined;
  const fields = [{ name: "sort_col", type: sort }, ...others.map((type, i) => ({ name: `col${i}`, type: type! }))];
  const item: SqlType = others.length === 0 ? sort : { base: "STRUCT", fields };
  const toItem = (args: readonly Value[]): Value => (others.length === 0 ? args[0]! : args.slice());
  const sortOf = (value: Value): Scalar => (others.length === 0 ? value : (value as readonly Value[])[0]!)!;
  const add = (state: unknown, args: readonly Value[]) => {
    const list = state as readonly Value[];
    const value = args[0]!;
    if (value === null || (list.length === k && javaCompare(value, sortOf(list.at(-1)!)) <= 0)) return state;
    const place = list.findIndex((other) => javaCompare(sortOf(other), value) < 0);
    const at = place < 0 ? list.length : place;
    return [...list.slice(0, at), toItem(args), ...list.slice(at)].slice(0, k);
  };
  return {
    aggregate: { ...plain({ base: "ARRAY", item }), structured: true, initial: [], add },
    varying: types.length - 1,
  };
}
