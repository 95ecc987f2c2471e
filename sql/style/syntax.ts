/** What the grammar makes of a body. `at` and `end` are offsets in its text; what is not written is null. */
interface At<Kind> {
  readonly kind: Kind;
  readonly at: number;
  readonly end: number;
}

export interface Query extends At<"query"> {
  readonly parts: readonly { readonly name: Name; readonly query: Query }[];
  readonly body: Body;
  readonly orderBy: readonly OrderTerm[];
}

export type Body = Select | Query | Union;

export interface Union extends At<"union"> {
  readonly members: readonly Body[];
}

export interface Select extends At<"select"> {
  readonly items: readonly (Item | Star)[];
  readonly from: readonly Relation[];
  readonly where: Expression | null;
  readonly groupBy: readonly Expression[];
  readonly having: Expression | null;
  readonly qualify: Expression | null;
}

export interface Item extends At<"item"> {
  readonly value: Expression;
  readonly alias: Name | null;
}

export interface Star extends At<"star"> {
  readonly relation: Name | null;
}

/** One entry of FROM: a name or a query, and how it is joined to those before it. */
export interface Relation extends At<"relation"> {
  readonly of: Name | Query;
  readonly alias: Name | null;
  readonly on: Expression | null;
  readonly using: readonly Name[];
}

export interface OrderTerm extends At<"order"> {
  readonly value: Expression;
  readonly descending: boolean;
}

interface Window extends At<"window"> {
  readonly partitionBy: readonly Expression[];
  readonly orderBy: readonly OrderTerm[];
}

export interface Name extends At<"name"> {
  /** As it is written. */
  readonly text: string;
  /** As both engines compare it: in lower case, without quotes. */
  readonly key: string;
  /** An alias without AS. */
  readonly bare?: true;
}

export type Expression = Literal | Column | Call | Cast | Case | Operation | In | Subquery | Interval;

interface Literal extends At<"literal"> {
  readonly type: "INT64" | "STRING" | "BOOL" | "NULL" | "NUMERIC" | "BIGNUMERIC" | "TIMESTAMP";
  /** Without its quotes. */
  readonly text: string;
}

export interface Column extends At<"column"> {
  readonly relation: Name | null;
  readonly name: Name;
}

export interface Call extends At<"call"> {
  /** In upper case. */
  readonly name: string;
  readonly star: boolean;
  readonly distinct: boolean;
  readonly arguments: readonly Expression[];
  readonly over: Window | null;
}

/** `CAST(value AS type)`: `as` is the offset of its AS. */
export interface Cast extends At<"cast"> {
  readonly value: Expression;
  readonly as: number;
  readonly type: "NUMERIC" | "BIGNUMERIC";
}

export interface Case extends At<"case"> {
  readonly value: Expression | null;
  readonly branches: readonly { readonly when: Expression; readonly then: Expression }[];
  readonly otherwise: Expression | null;
}

/** `operator` is NOT, a sign (one operand), `IS NULL`, `IS TRUE`, `IS DISTINCT FROM`, AND, OR, a comparison, `+ - *`; NOT after IS is left out. */
export interface Operation extends At<"operation"> {
  readonly operator: string;
  /** Where the operator stands. */
  readonly sign: number;
  readonly operands: readonly Expression[];
}

export interface In extends At<"in"> {
  readonly value: Expression;
  readonly among: readonly Expression[] | Query;
}

interface Subquery extends At<"subquery"> {
  readonly query: Query;
}

export interface Interval extends At<"interval"> {
  readonly value: Expression;
  readonly unit: string;
}

type Node = Query | Union | Select | Item | Star | Relation | OrderTerm | Window | Name | Expression;

/** Every node of a kind, from `root` down. */
export function* nodesOf<Kind extends Node["kind"]>(
  root: unknown,
  kind: Kind,
): Generator<Extract<Node, { kind: Kind }>> {
  if (typeof root !== "object" || root === null) return;
  if ((root as Node).kind === kind) yield root as Extract<Node, { kind: Kind }>;
  for (const child of Object.values(root)) yield* nodesOf(child, kind);
}
