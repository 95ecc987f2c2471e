/** Scalar functions: https://docs.confluent.io/platform/current/ksqldb/developer-guide/ksqldb-reference/scalar-functions.html */
import type { SqlType, Value } from "../language/types.ts";

/**
 * One function: given the types of its arguments (null for a bare NULL) and the values of those that are literals
 * (undefined for the others), what it makes of them; undefined where it does not take them, or not here.
 */
export type ScalarFunction = (
  args: readonly (SqlType | null)[],
  constants: readonly (Value | undefined)[],
) => Resolved | undefined;

export interface Resolved {
  readonly type: SqlType;
  /** Types that the arguments are cast to first, by ksqlDB's implicit casts; absent: they are taken as they are. */
  readonly casts?: readonly SqlType[];
  /**
   * Throws where ksqlDB's function does: the column becomes NULL, and the processing log gets an entry. Throws
   * OutsideSubset where ksqlDB has an answer that is not certain here: the query must end, and no row be written.
   */
  readonly evaluate: (...args: Value[]) => Value;
}

/** A value or a pattern that ksqlDB takes and this engine does not: never NULL, never a row. */
export class OutsideSubset extends Error {
  readonly kind = "value";
}
