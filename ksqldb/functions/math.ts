/**
 * Functions of numbers. LOG, POWER and the trigonometric ones are left out: the last digit of their results differs
 * between Java's processors' instructions and JavaScript.
 */
import { decimalText, parseExact, powerOfTen } from "../expressions/decimal.ts";
import { doubleText } from "../expressions/double.ts";
import {
  BIGINT,
  bigint,
  decimal,
  DOUBLE,
  INTEGER,
  STRING,
  TIMESTAMP,
  type DecimalType,
  type SqlType,
  type Value,
} from "../language/types.ts";
import { exp, ln } from "./exponential.ts";
import type { ScalarFunction } from "./function.ts";
import { orFail, overload, overloaded, resolve, unlessNull, type Overload } from "./overloads.ts";

export const math = {
  /** Of the smallest INTEGER and BIGINT it is that number itself. */
  ABS: overloaded(
    overload(
      ["INTEGER"],
      INTEGER,
      unlessNull((value: number) => Math.abs(value) | 0),
    ),
    overload(
      ["BIGINT"],
      BIGINT,
      unlessNull((value: number | bigint) =>
        typeof value === "number" ? Math.abs(value) : bigint(BigInt.asIntN(64, value < 0n ? -value : value)),
      ),
    ),
    overload(
      ["DOUBLE"],
      DOUBLE,
      unlessNull((value: number) => Math.abs(value)),
    ),
    ofDecimal((value) => (value < 0n ? -value : value)),
  ),
  CEIL: towards((value) => Math.ceil(value), ceiling),
  FLOOR: towards(
    (value) => Math.floor(value),
    (value, unit) => -ceiling(-value, unit),
  ),

  /**
   * ROUND(number[, digits]): halves upwards, towards the larger number. With digits the type stays; without, a DOUBLE
   * becomes BIGINT and a DECIMAL loses its digits behind the point.
   */
  ROUND: overloaded(
    overload(
      ["INTEGER"],
      BIGINT,
      orFail((value: number) => value),
    ),
    overload(
      ["BIGINT"],
      BIGINT,
      orFail((value: number) => value),
    ),
    overload(["DOUBLE"], BIGINT, unlessNull(roundDouble)),
    overload(["DOUBLE", "INTEGER"], DOUBLE, unlessNull(roundDoubleTo)),
    {
      params: ["DECIMAL"],
      variadic: false,
      make: ([type]) => {
        const { precision, scale } = type as DecimalType;
        if (precision === scale) return undefined;
        return {
          type: decimal(precision - scale, 0),
          evaluate: exactly((value) => roundUnits(value, scale, 0) / powerOfTen(scale)),
        };
      },
    },
    {
      params: ["DECIMAL", "INTEGER"],
      variadic: false,
      make: ([type]) => ({
        type: type!,
        evaluate: (value, digits) =>
          digits === null
            ? null
            : exactly((units) => roundUnits(units, (type as DecimalType).scale, digits as number))(value),
      }),
    },
  ),

  SQRT: ofNumber(DOUBLE, (value) => Math.sqrt(Number(value))),
  EXP: ofNumber(DOUBLE, (value) => exp(Number(value))),
  LN: ofNumber(DOUBLE, (value) => ln(Number(value))),
  /** -1, 0 or 1; 0 of NaN. */
  SIGN: ofNumber(INTEGER, (value) => (value > 0 ? 1 : value < 0 ? -1 : 0)),

  /** The largest value, passing over NULL. */
  GREATEST: (args) => extreme(args, 1),
  /** The smallest value, passing over NULL. */
  LEAST: (args) => extreme(args, -1),
} satisfies Record<string, ScalarFunction>;

/** A function with overloads for INTEGER, BIGINT and DOUBLE, which is what becomes of a DECIMAL. */
function ofNumber(type: SqlType, evaluate: (value: number | bigint) => number): ScalarFunction {
  const params = ["INTEGER", "BIGINT", "DOUBLE"] as const;
  return overloaded(...params.map((param) => overload([param], type, unlessNull(evaluate))));
}

/** To a whole number; whole numbers stay. `unit`: the units of a DECIMAL that make up 1. */
function towards(double: (value: number) => number, units: (value: bigint, unit: bigint) => bigint): ScalarFunction {
  return overloaded(
    overload(["INTEGER"], INTEGER, (value) => value!),
    overload(["BIGINT"], BIGINT, (value) => value!),
    overload(["DOUBLE"], DOUBLE, unlessNull(double)),
    ofDecimal((value, { scale }) => units(value, powerOfTen(scale))),
  );
}

function ofDecimal(evaluate: (value: bigint, type: DecimalType) => bigint): Overload {
  return {
    params: ["DECIMAL"],
    variadic: false,
    make: ([type]) => ({ type: type!, evaluate: exactly((value) => evaluate(value, type as DecimalType)) }),
  };
}

/** NULL stays, and so does the zero without a scale that a SUM of nothing is. */
function exactly(evaluate: (value: bigint) => bigint): (value: Value) => Value {
  return (value) => (typeof value === "bigint" ? evaluate(value) : value);
}

/** The next multiple of the unit that is not less. */
function ceiling(value: bigint, unit: bigint): bigint {
  const down = (value / unit) * unit;
  return down < value ? down + unit : down;
}

/** Rounded to that many digits behind the point, halves upwards; the scale stays. */
function roundUnits(value: bigint, scale: number, digits: number): bigint {
  if (Math.abs(digits) > 1e8) throw new Error(`ROUND: ${digits} digits are out of range`);
  if (digits >= scale) return value;
  // A unit far larger than the number: all of it is rounded away.
  if (scale - digits > String(value).length + 1) return 0n;
  const unit = powerOfTen(scale - digits);
  return -ceiling(-(value + unit / 2n), unit);
}

function roundDouble(value: number): Value {
  if (Number.isNaN(value)) return 0;
  if (Math.abs(value) < 2 ** 52) return Math.round(value) + 0;
  if (value >= 2 ** 63) return 2n ** 63n - 1n;
  return value <= -(2 ** 63) ? -(2n ** 63n) : bigint(BigInt(value));
}

/** By its shortest text, as a decimal number. */
function roundDoubleTo(value: number, digits: number): number {
  if (!Number.isFinite(value)) throw new Error(`ROUND: ${value} has no digits`);
  const { units, scale } = parseExact(doubleText(value));
  // An exponent may leave a negative scale.
  const [whole, places] = scale < 0 ? [units * powerOfTen(-scale), 0] : [units, scale];
  return Number(decimalText(roundUnits(whole, places, digits), places));
}

/** With literals NULL among three and more arguments; with fewer ksqlDB finds them ambiguous. */
function extreme(args: readonly (SqlType | null)[], direction: 1 | -1) {
  return args.includes(null) && args.length < 3 ? undefined : resolve(direction === 1 ? greatest : least, args);
}

const [greatest, least] = ([1, -1] as const).map((direction) => {
  const evaluate = (...values: Value[]): Value =>
    values.reduce((best, value) => {
      if (best === null || value === null) return best ?? value;
      return compare(value, best) * direction > 0 ? value : best;
    }, null);
  const types: SqlType[] = [INTEGER, BIGINT, DOUBLE, STRING, TIMESTAMP];
  const plain = types.map((type): Overload => ({ ...overload([type.base], type, evaluate), variadic: true }));
  const decimals: Overload = {
    params: ["DECIMAL"],
    variadic: true,
    make: (given) => {
      const known = given.filter((type) => type !== null) as DecimalType[];
      const { scale } = known[0]!;
      // ksqlDB widens the type but not the value: as text it would keep fewer digits than its type has.
      if (known.some((type) => type.scale !== scale)) return undefined;
      return { type: decimal(Math.max(...known.map(({ precision }) => precision)), scale), evaluate };
    },
  };
  return [...plain, decimals];
}) as [Overload[], Overload[]];

/** Java's compareTo: a double's NaN is the largest, and -0.0 less than 0.0. */
function compare(a: NonNullable<Value>, b: NonNullable<Value>): number {
  if (a < b) return -1;
  if (a > b) return 1;
  if (Number.isNaN(a) || Number.isNaN(b)) return Number(Number.isNaN(a)) - Number(Number.isNaN(b));
  return a === 0 && b === 0 ? Number(Object.is(b, -0)) - Number(Object.is(a, -0)) : 0;
}
