/**
 * Functions of numbers. LOG, POWER and the trigonometric ones are left out: the last digit of their results differs
 * between Java's processors' instructions and JavaScript.
 */
import { javaCompare } from "../expressions/comparison.ts";
import { decimalText, parseExact, powerOfTen } from "../expressions/decimal.ts";
import { doubleText } from "../expressions/double.ts";
import {
  BIGINT,
  bigint,
  decimal,
  DOUBLE,
  INTEGER,
  type DecimalType,
  type SqlType,
  type Value,
} from "../language/types.ts";
import { exp, ln } from "./exponential.ts";
import { OutsideSubset, type Resolved, type ScalarFunction } from "./function.ts";
import { orFail, overload, overloaded, widens, type Overload } from "./overloads.ts";

const DECIMAL = decimal(1, 0);

export const math = {
  /** Of the smallest INTEGER and BIGINT it is that number itself. */
  ABS: overloaded(
    overload([INTEGER], INTEGER, (value: number) => Math.abs(value) | 0),
    overload([BIGINT], BIGINT, absolute),
    overload([DOUBLE], DOUBLE, Math.abs),
    ofDecimal((value) => (value < 0n ? -value : value)),
  ),
  CEIL: towards(Math.ceil, ceiling),
  FLOOR: towards(Math.floor, (value, unit) => -ceiling(-value, unit)),

  /**
   * ROUND(number[, digits]): halves upwards, towards the larger number. With digits the type stays; without, a DOUBLE
   * becomes BIGINT and a DECIMAL loses its digits behind the point.
   */
  ROUND: overloaded(
    overload([INTEGER], BIGINT, (value: number) => value, orFail),
    overload([BIGINT], BIGINT, (value: number | bigint) => value, orFail),
    overload([DOUBLE], BIGINT, roundDouble),
    overload([DOUBLE, INTEGER], DOUBLE, roundDoubleTo),
    {
      params: [DECIMAL],
      make: ([type]) => {
        const { precision, scale } = type as DecimalType;
        if (precision === scale) return undefined;
        return {
          type: decimal(precision - scale, 0),
          evaluate: exactly((value) => roundUnits(value, scale, 0) / powerOfTen(scale)),
        };
      },
    },
    ofDecimal((value, { scale }, digits) => roundUnits(value, scale, digits!), INTEGER),
  ),

  SQRT: ofNumber(Math.sqrt),
  EXP: ofNumber(exp),
  LN: ofNumber(ln),

  /** The largest value, passing over NULL. */
  GREATEST: (args) => extreme(args, 1),
  /** The smallest value, passing over NULL. */
  LEAST: (args) => extreme(args, -1),
} satisfies Record<string, ScalarFunction>;

/** A function with overloads for INTEGER, BIGINT and DOUBLE, which is what becomes of a DECIMAL. */
function ofNumber(evaluate: (value: number) => number): ScalarFunction {
  const ofAny = (value: number | bigint) => evaluate(Number(value));
  return overloaded(...[INTEGER, BIGINT, DOUBLE].map((param) => overload([param], DOUBLE, ofAny)));
}

function absolute(value: number | bigint): Value {
  return typeof value === "number" ? Math.abs(value) : bigint(BigInt.asIntN(64, value < 0n ? -value : value));
}

/** To a whole number; whole numbers stay. `unit`: the units of a DECIMAL that make up 1. */
function towards(double: (value: number) => number, units: (value: bigint, unit: bigint) => bigint): ScalarFunction {
  return overloaded(
    overload([INTEGER], INTEGER, (value: number) => value),
    overload([BIGINT], BIGINT, (value: number | bigint) => value),
    overload([DOUBLE], DOUBLE, double),
    ofDecimal((value, { scale }) => units(value, powerOfTen(scale))),
  );
}

/** An overload of a DECIMAL, whose type stays, and maybe a number. */
function ofDecimal(
  evaluate: (value: bigint, type: DecimalType, number?: number) => bigint,
  ...more: readonly SqlType[]
): Overload {
  return {
    params: [DECIMAL, ...more],
    make: ([type]) => ({
      type: type!,
      evaluate: (value, number) =>
        number === null ? null : exactly((units) => evaluate(units, type as DecimalType, number as number))(value),
    }),
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
  if (Math.abs(digits) > 1000) throw new OutsideSubset(`ROUND to ${digits} digits`);
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

const comparable: readonly SqlType["base"][] = ["INTEGER", "BIGINT", "DOUBLE", "DECIMAL", "STRING", "TIMESTAMP"];

/** Of values of one type, or of the only one that they all become: DOUBLE or TIMESTAMP. */
function extreme(args: readonly (SqlType | null)[], direction: 1 | -1): Resolved | undefined {
  const types = args.filter((type) => type !== null);
  const [first] = types;
  const to = types.every(({ base }) => base === first!.base)
    ? first
    : types.find(({ base }) => base === "DOUBLE" || base === "TIMESTAMP");
  // With literals NULL among three and more arguments; with fewer ksqlDB finds them ambiguous.
  if (to === undefined || (types.length < args.length && args.length < 3)) return undefined;
  if (!comparable.includes(to.base) || !types.every((type) => widens(type, to))) return undefined;
  const casts = args.map((type) => (type?.base === to.base ? type : to));
  const evaluate = (...values: Value[]): Value =>
    values.reduce((best, value) => {
      if (best === null || value === null) return best ?? value;
      return javaCompare(value, best) * direction > 0 ? value : best;
    }, null);
  if (to.base !== "DECIMAL") return { type: to, casts, evaluate };
  const decimals = types as DecimalType[];
  // ksqlDB widens the type but not the value: as text it would keep fewer digits than its type has.
  if (decimals.some(({ scale }) => scale !== to.scale)) return undefined;
  return { type: decimal(Math.max(...decimals.map(({ precision }) => precision)), to.scale), casts, evaluate };
}
