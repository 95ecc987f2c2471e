/** The syntax tree of a statement, and how to look into it. Every node knows its place, for messages. */

export interface Place {
  /** Number of characters before it in the text. */
  readonly offset: number;
  readonly line: number;
  readonly column: number;
}

/** A name is in upper case unless it was written in quotes. */
interface Name {
  readonly name: string;
  readonly at: Place;
  /** Offset in the text where the name ends. */
  readonly end: number;
}

/** A type as it is written; `language/types.ts` knows which there are. */
export type TypeName = { readonly at: Place } & (
  | { readonly kind: "ARRAY"; readonly item: TypeName }
  | { readonly kind: "MAP"; readonly key: TypeName; readonly value: TypeName }
  | { readonly kind: "STRUCT"; readonly fields: readonly { name: string; type: TypeName }[] }
  | { readonly kind: "DECIMAL"; readonly precision: number; readonly scale: number }
  | { readonly kind: "NAMED"; readonly name: string }
);

export interface Property {
  readonly name: string;
  readonly type: "STRING" | "BOOLEAN" | "INTEGER" | "DECIMAL" | "DOUBLE";
  /** For a number, its digits. */
  readonly value: string;
  readonly at: Place;
}

interface Created {
  readonly source: "stream" | "table";
  readonly replace: boolean;
  readonly name: Name;
  readonly properties: readonly Property[];
  readonly at: Place;
}

export interface Create extends Created {
  readonly kind: "create";
  readonly columns: readonly ColumnElement[];
}

interface ColumnElement {
  readonly name: string;
  readonly type: TypeName;
  readonly key: "" | "key" | "primary key";
  readonly at: Place;
}

export interface CreateAs extends Created {
  readonly kind: "createAs";
  readonly query: Query;
}

export type Statement = Create | CreateAs;

export interface Query {
  readonly items: readonly Item[];
  readonly from: { readonly name: Name; readonly alias: Name | null };
  readonly window: WindowClause | null;
  readonly where: Expression | null;
  readonly group: readonly Expression[] | null;
  readonly partition: readonly Expression[] | null;
  readonly having: Expression | null;
  readonly emit: "CHANGES" | "FINAL";
  readonly at: Place;
}

/** A tumbling window; all in milliseconds. */
export interface WindowClause {
  readonly size: number;
  readonly retention: number | null;
  readonly grace: number | null;
  readonly at: Place;
}

export type Item = { readonly at: Place } & (
  | { readonly kind: "item"; readonly expression: Expression; readonly name: Name | null }
  | { readonly kind: "star"; readonly qualifier: string | null }
  | { readonly kind: "allFields"; readonly struct: Expression }
);

export type CompareOperator = "=" | "<>" | "<" | "<=" | ">" | ">=";

export type Expression = { readonly at: Place } & (
  | { readonly kind: "literal"; readonly type: "STRING"; readonly value: string }
  | { readonly kind: "literal"; readonly type: "BOOLEAN"; readonly value: boolean }
  | { readonly kind: "literal"; readonly type: "NULL"; readonly value: null }
  /** INTEGER stands for every number without point and exponent, with its sign. */
  | { readonly kind: "literal"; readonly type: "INTEGER" | "DECIMAL" | "DOUBLE"; readonly text: string }
  | { readonly kind: "name"; readonly qualifier: string | null; readonly name: string; readonly end: number }
  | { readonly kind: "call"; readonly name: string; readonly args: readonly Expression[]; readonly star: boolean }
  /** An argument such as `(x, y) => x + y`. */
  | { readonly kind: "lambda"; readonly parameters: readonly string[]; readonly body: Expression }
  | { readonly kind: "subscript"; readonly base: Expression; readonly index: Expression }
  | { readonly kind: "field"; readonly base: Expression; readonly name: string }
  | {
      readonly kind: "case";
      readonly whens: readonly { condition: Expression; result: Expression }[];
      readonly otherwise: Expression | null;
    }
  | { readonly kind: "compare"; readonly op: CompareOperator; readonly left: Expression; readonly right: Expression }
  | { readonly kind: "distinct"; readonly left: Expression; readonly right: Expression; readonly negated: boolean }
  | {
      readonly kind: "between";
      readonly operand: Expression;
      readonly low: Expression;
      readonly high: Expression;
      readonly negated: boolean;
    }
  | {
      readonly kind: "in";
      readonly operand: Expression;
      readonly list: readonly Expression[];
      readonly negated: boolean;
    }
  | {
      readonly kind: "like";
      readonly operand: Expression;
      readonly pattern: Expression;
      readonly escape: string | null;
      readonly negated: boolean;
    }
  | { readonly kind: "logic"; readonly op: "AND" | "OR"; readonly left: Expression; readonly right: Expression }
  | { readonly kind: "not"; readonly operand: Expression }
  | { readonly kind: "isNull"; readonly operand: Expression; readonly negated: boolean }
  | {
      readonly kind: "arithmetic";
      readonly op: "+" | "-" | "*" | "/" | "%";
      readonly left: Expression;
      readonly right: Expression;
    }
  | { readonly kind: "sign"; readonly op: "+" | "-"; readonly operand: Expression }
  | { readonly kind: "cast"; readonly operand: Expression; readonly type: TypeName }
  | { readonly kind: "array"; readonly items: readonly Expression[] }
  | { readonly kind: "map"; readonly entries: readonly { key: Expression; value: Expression }[] }
  | { readonly kind: "struct"; readonly fields: readonly { name: string; value: Expression }[] }
);

export type Node = Expression | Item | TypeName;

/** Every node of the syntax in a part of a statement, the outer before the inner. */
export function nodesIn(part: unknown): Node[] {
  if (typeof part !== "object" || part === null) return [];
  const inner = Object.values(part).flatMap(nodesIn);
  return "kind" in part ? [part as Node, ...inner] : inner;
}

/** The names that may stand before a column of a query's only source: its own and its alias. */
export function qualifiersOf({ from }: Query): string[] {
  return [from.name.name, from.alias?.name ?? from.name.name];
}
