/** An expression of which everything is known: its type, and how its value is computed from a row. */
import type { Expression, Place } from "../language/ast.ts";
import type { Refuse } from "../language/parse.ts";
import { typeText, type SqlType, type Value } from "../language/types.ts";

/** The values of a scope's columns, over which its expressions are evaluated. */
export type Row = readonly Value[];

/** Takes an entry for the processing log. */
export type Log = (message: string) => void;

/**
 * ksqlDB's answer is not known here with certainty. The value is then neither NULL nor a guess: the query ends.
 */
export class OutsideSubset extends Error {}

/**
 * Throws where ksqlDB's code throws; the nearest guard around it (a cast, an item of a list, an argument that is a call,
 * in the end the whole expression) makes that a NULL and an entry in the processing log.
 */
export type Evaluate = (row: Row, log: Log) => Value;

export interface Typed {
  /** Null: a bare NULL, which has no type. */
  readonly type: SqlType | null;
  readonly evaluate: Evaluate;
  /** The value of a literal. */
  readonly constant?: Value;
  /** The name of the column, if the expression is a column and nothing else. */
  readonly column?: string;
}

/** The columns that an expression may name, and whatever else depends on its place in the statement. */
export interface Scope {
  /** Throws by `refuse` if there is no such column. */
  column(name: Expression & { kind: "name" }): Typed;
  /** Gives an expression a special meaning in this scope: the key of a group, an aggregate, an exploded list. */
  special?(expression: Expression, scope: Scope): Typed | undefined;
  readonly refuse: Refuse;
  /** Casts of columns by their text: a statement that casts a column in several places does it once per record. */
  readonly casts?: Map<string, Typed>;
}

/** Types a part of an expression in the scope of the whole. */
export type Type = (expression: Expression) => Typed;

/** An operand that must have a value: ksqlDB's code unboxes it, and NULL is an error. */
export function required(value: Value): NonNullable<Value> {
  if (value === null) throw new Error("an operand is NULL");
  return value;
}

/** Turns an error inside into NULL. `what` names the part in the processing log. */
export function guard(inner: Typed, what: string): Typed {
  const { evaluate } = inner;
  return {
    type: inner.type,
    evaluate: (row, log) => {
      try {
        return evaluate(row, log);
      } catch (error) {
        if (error instanceof OutsideSubset) throw error;
        log(`Error processing ${what}: ${(error as Error).message}`);
        return null;
      }
    },
  };
}

/** The type of an expression that must have one. */
export function typeOfOperand(typed: Typed, at: Place, refuse: Refuse): SqlType {
  return typed.type ?? refuse(at, "a bare NULL has no type here: CAST(NULL AS …), or IS NULL instead of a comparison");
}

/** A constant of a type. */
export function literal(type: SqlType, value: Value): Typed {
  return { type, constant: value, evaluate: () => value };
}

/** Types of arguments, for messages. */
export function describeTypes(types: readonly (SqlType | null)[]): string {
  return types.map((type) => (type === null ? "NULL" : typeText(type))).join(", ");
}
