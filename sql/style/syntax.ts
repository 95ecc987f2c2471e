/** What the parser makes of a body. `at` is the first token of a thing: its place. */
import type { Token } from "./source.ts";

export interface Query {
  readonly kind: "query";
  readonly at: Token;
  readonly parts: readonly { readonly name: Token; readonly query: Query }[];
  readonly body: Body;
  readonly orderBy: readonly OrderTerm[];
}

export type Body = Select | Query | Union;

export interface Union {
  readonly kind: "union";
  readonly at: Token;
  readonly members: readonly Body[];
}

export interface Select {
  readonly kind: "select";
  readonly at: Token;
  readonly items: readonly (Item | Star)[];
  readonly from: readonly Relation[];
  readonly where: Expression | undefined;
  readonly groupBy: readonly Expression[];
  readonly having: Expression | undefined;
  readonly qualify: Expression | undefined;
}

export interface Item {
  readonly kind: "item";
  readonly at: Token;
  readonly value: Expression;
  readonly alias: Token | undefined;
}

export interface Star {
  readonly kind: "star";
  readonly at: Token;
  readonly relation: Token | undefined;
}

/** One entry of FROM: a name or a query, and how it is joined to those before it. */
export interface Relation {
  readonly kind: "relation";
  readonly at: Token;
  readonly of: Token | Query;
  readonly alias: Token | undefined;
  readonly on: Expression | undefined;
  readonly using: readonly Token[];
}

export interface OrderTerm {
  readonly kind: "order";
  readonly at: Token;
  readonly value: Expression;
  readonly descending: boolean;
  /** Where the term ends in the body. */
  readonly end: number;
}

export interface Window {
  readonly kind: "window";
  readonly at: Token;
  readonly partitionBy: readonly Expression[];
  readonly orderBy: readonly OrderTerm[];
}

export type Expression = Literal | Column | Call | Cast | Case | Operation | In | Subquery | Interval;

export interface Literal {
  readonly kind: "literal";
  readonly at: Token;
  readonly type: "INT64" | "STRING" | "BOOL" | "NULL" | "NUMERIC" | "BIGNUMERIC" | "TIMESTAMP";
  /** The last token: of `NUMERIC '1.5'` the text. */
  readonly last: Token;
}

export interface Column {
  readonly kind: "column";
  readonly at: Token;
  readonly relation: Token | undefined;
  readonly name: Token;
}

export interface Call {
  readonly kind: "call";
  readonly at: Token;
  readonly star: boolean;
  readonly distinct: boolean;
  readonly arguments: readonly Expression[];
  readonly over: Window | undefined;
}

/** `CAST(value AS type)`: `as` is its AS, `type` its last token but one. */
export interface Cast {
  readonly kind: "cast";
  readonly at: Token;
  readonly value: Expression;
  readonly as: Token;
  readonly type: Token;
}

export interface Case {
  readonly kind: "case";
  readonly at: Token;
  readonly value: Expression | undefined;
  readonly branches: readonly { readonly when: Expression; readonly then: Expression }[];
  readonly otherwise: Expression | undefined;
}

/** `operator` is `-` and NOT with one operand, `IS NULL`, `IS TRUE`, `IS DISTINCT FROM` …, AND, OR, comparisons, `+ - *`. */
export interface Operation {
  readonly kind: "operation";
  readonly at: Token;
  readonly operator: string;
  readonly sign: Token;
  readonly operands: readonly Expression[];
}

export interface In {
  readonly kind: "in";
  readonly at: Token;
  readonly value: Expression;
  readonly among: readonly Expression[] | Query;
}

interface Subquery {
  readonly kind: "subquery";
  readonly at: Token;
  readonly query: Query;
}

export interface Interval {
  readonly kind: "interval";
  readonly at: Token;
  readonly value: Expression;
  readonly unit: Token;
}

interface Node {
  readonly kind: string;
}

/** Every node below one, itself first, of the given kind. */
export function* nodesOf<Kind extends string, Found extends { kind: Kind }>(
  root: unknown,
  kind: Kind,
): Generator<Found> {
  if (Array.isArray(root)) {
    for (const child of root) yield* nodesOf<Kind, Found>(child, kind);
  } else if (typeof root === "object" && root !== null) {
    if ((root as Node).kind === kind) yield root as Found;
    for (const child of Object.values(root)) yield* nodesOf<Kind, Found>(child, kind);
  }
}
