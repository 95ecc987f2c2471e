/** What the grammar makes of a statement. Every node knows where it starts, for messages. */

export interface Place {
  /** Characters before it in the text. */
  readonly offset: number;
  readonly line: number;
  readonly column: number;
}

interface Name {
  readonly name: string;
  readonly at: Place;
  /** Offset in the text where the name ends. */
  readonly end: number;
}

export type TypeName =
  | { readonly name: "ARRAY"; readonly item: TypeName }
  | { readonly name: string; readonly at: Place };

export interface Property {
  readonly name: string;
  readonly value: string | number;
  readonly at: Place;
}

export interface CreateStream {
  readonly kind: "createStream";
  readonly name: Name;
  readonly columns: readonly { name: string; type: TypeName; key: boolean; at: Place }[];
  readonly properties: readonly Property[];
  readonly at: Place;
}

export interface CreateStreamAs {
  readonly kind: "createStreamAs";
  readonly name: Name;
  readonly properties: readonly Property[];
  readonly query: Query;
  readonly at: Place;
}

export type Statement = CreateStream | CreateStreamAs;

interface Query {
  readonly items: readonly Item[];
  readonly source: Name;
  readonly where: Expression | null;
}

export interface Item {
  readonly expression: Expression;
  readonly name: Name | null;
  readonly at: Place;
}

export type CompareOperator = "=" | "<>" | "<" | "<=" | ">" | ">=";

export type Expression = { readonly at: Place } & (
  | {
      readonly kind: "literal";
      readonly value: string | number | boolean | null;
      readonly type: "STRING" | "INTEGER" | "BIGINT" | "BOOLEAN" | "NULL";
    }
  | { readonly kind: "name"; readonly name: string }
  | { readonly kind: "call"; readonly name: string; readonly args: readonly Expression[] }
  | { readonly kind: "subscript"; readonly array: Expression; readonly index: Expression }
  | {
      readonly kind: "case";
      readonly whens: readonly { condition: Expression; result: Expression }[];
      readonly otherwise: Expression | null;
    }
  | { readonly kind: "compare"; readonly op: CompareOperator; readonly left: Expression; readonly right: Expression }
  | { readonly kind: "logic"; readonly op: "AND" | "OR"; readonly left: Expression; readonly right: Expression }
  | { readonly kind: "not"; readonly operand: Expression }
  | { readonly kind: "isNull"; readonly operand: Expression; readonly negated: boolean }
);
