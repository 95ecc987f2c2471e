/** Scalar functions: https://docs.confluent.io/platform/current/ksqldb/developer-guide/ksqldb-reference/scalar-functions.html */
import type { SqlType, Value } from "../language/types.ts";

/**
 * One function: given the types of its arguments (null for a bare NULL), what it makes of them; undefined where it does
 * not take them.
 */
export type ScalarFunction = (args: readonly (SqlType | null)[]) => Resolved | undefined;

export interface Resolved {
  readonly type: SqlType;
  /** Types that the arguments are cast to first, by ksqlDB's implicit casts; absent: they are taken as they are. */
  readonly casts?: readonly SqlType[];
  /** Throws where ksqlDB's function does: the column becomes NULL, and the processing log gets an entry. */
  readonly evaluate: (...args: Value[]) => Value;
}
