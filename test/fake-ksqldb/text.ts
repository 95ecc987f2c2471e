/** What ksqlDB makes of a statement: the text that it stores, and the types of its columns. */
import type { CreateAs, Expression, Item, Query, Statement } from "../../engine/language/ast.ts";
import { expressionText, typeNameText } from "../../engine/language/canonical-text.ts";
import { nameText } from "../../engine/language/types.ts";

export interface Column {
  readonly name: string;
  readonly type: string;
  readonly key: boolean;
}

/** The statement in the server's words; `properties` with what it has added. */
export function storedText(
  ast: Statement,
  columns: readonly Column[],
  properties: ReadonlyMap<string, string>,
  source?: readonly Column[],
): string {
  const head = `CREATE ${ast.replace ? "OR REPLACE " : ""}${ast.source.toUpperCase()} ${nameText(ast.name.name)}`;
  const key = ast.source === "table" ? " PRIMARY KEY" : " KEY";
  const list = columns.map((column) => `${nameText(column.name)} ${column.type}${column.key ? key : ""}`).join(", ");
  const values = [...properties]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => `${name}=${/^(-?\d+|true|false)$/.test(value) ? value : `'${value}'`}`);
  const clauses = `WITH (${values.join(", ")})`;
  return ast.kind === "create"
    ? `${head} (${list}) ${clauses};`
    : `${head} ${clauses} AS ${queryLines(ast.query, source).join("\n")};`;
}

function queryLines(query: Query, columns: readonly Column[] | undefined): string[] {
  const { from, window, where, group, partition, having, emit } = query;
  const source = from.alias?.name ?? from.name.name;
  const text = (expression: Expression) => expressionText(asStored(expression, source, columns));
  const list = (expressions: readonly Expression[]) => expressions.map(text).join(", ");
  const star = query.items.some((item) => item.kind === "star");
  const items = namedItems(query).map(({ item, name }) =>
    item.kind === "item" ? `${text(item.expression)} ${nameText(name)}` : "*",
  );
  const size = (ms: number) => (ms % 3_600_000 === 0 ? `${ms / 3_600_000} HOURS` : `${ms} MILLISECONDS`);
  return [
    star ? `SELECT ${items.join(",\n")}` : `SELECT\n  ${items.join(",\n  ")}`,
    `FROM ${nameText(from.name.name)} ${nameText(source)}`,
    window &&
      `WINDOW TUMBLING ( SIZE ${size(window.size)}${window.retention === null ? "" : ` , RETENTION ${size(window.retention)}`}${window.grace === null ? "" : ` , GRACE PERIOD ${size(window.grace)}`} ) `,
    where && `WHERE ${text(where)}`,
    group && `GROUP BY ${list(group)}`,
    partition && `PARTITION BY ${list(partition)}`,
    having && `HAVING ${text(having)}`,
    `EMIT ${emit}`,
  ].filter((line) => line !== null);
}

/** Items with the names that they get. */
function namedItems(query: Query): { item: Item; name: string }[] {
  let unnamed = 0;
  return query.items.map((item) => {
    if (item.kind !== "item") return { item, name: "*" };
    const { expression } = item;
    const own = expression.kind === "name" || expression.kind === "field" ? expression.name : undefined;
    return { item, name: item.name?.name ?? own ?? `KSQL_COL_${unnamed++}` };
  });
}

const notColumns = ["WINDOWSTART", "WINDOWEND"];

/** Columns that the source has qualified, NOT before what it negates. */
function asStored<T>(node: T, source: string, columns: readonly Column[] | undefined): T {
  if (Array.isArray(node)) return node.map((item: unknown) => asStored(item, source, columns)) as T;
  if (typeof node !== "object" || node === null) return node;
  const inner = Object.fromEntries(
    Object.entries(node).map(([name, part]) => [name, asStored<unknown>(part, source, columns)]),
  );
  const isColumn = (name: unknown) =>
    !notColumns.includes(String(name)) && columns?.some((column) => column.name === name) !== false;
  if (inner["kind"] === "name" && isColumn(inner["name"])) return { ...inner, qualifier: source } as T;
  if (inner["negated"] === true && inner["kind"] !== "isNull")
    return { kind: "not", operand: { ...inner, negated: false } } as T;
  return inner as T;
}

/** The columns that a declaration names. */
export function declared(ast: Statement): Column[] {
  if (ast.kind !== "create") return [];
  return ast.columns.map(({ name, type, key }) => ({ name, type: typeNameText(type), key: key !== "" }));
}

/** The columns that a query writes; those of the key are what names the source's key, or what is grouped by. */
export function columnsOf({ query }: CreateAs, source: readonly Column[]): Column[] {
  const keys = query.group ?? query.partition;
  const isKey = (expression: Expression) =>
    keys === null
      ? expression.kind === "name" && source.some(({ name, key }) => key && name === expression.name)
      : keys.some((key) => expressionText(key) === expressionText(expression));
  return namedItems(query).flatMap(({ item, name }) =>
    item.kind === "item"
      ? [{ name, type: typeOf(item.expression, source), key: isKey(item.expression) }]
      : source.map((column) => ({ ...column })),
  );
}

function typeOf(expression: Expression, source: readonly Column[]): string {
  const of = (inner: Expression | undefined) => (inner === undefined ? "STRING" : typeOf(inner, source));
  switch (expression.kind) {
    case "name":
      return source.find(({ name }) => name === expression.name)?.type ?? "BIGINT";
    case "literal":
      return expression.type === "INTEGER" || expression.type === "DOUBLE" || expression.type === "BOOLEAN"
        ? expression.type
        : "STRING";
    case "cast":
      return typeNameText(expression.type);
    case "case":
      return of(expression.whens[0]?.result);
    case "array":
      return `ARRAY<${of(expression.items[0])}>`;
    case "lambda":
      return of(expression.body);
    case "subscript":
      return itemType(of(expression.base));
    case "arithmetic":
      return of(expression.left);
    case "sign":
      return of(expression.operand);
    case "field": {
      // TOPK(x, y, k)[1]->`col0`
      const call = expression.base.kind === "subscript" ? expression.base.base : expression.base;
      return call.kind === "call" ? of(call.args[expression.name === "col0" ? 1 : 0]) : "STRING";
    }
    case "call":
      switch (expression.name) {
        case "COUNT":
          return "BIGINT";
        case "ARRAY_LENGTH":
          return "INTEGER";
        case "GENERATE_SERIES":
          return "ARRAY<INTEGER>";
        case "EXPLODE":
          return itemType(of(expression.args[0]));
        default:
          return of(expression.args[0]);
      }
    case "map":
    case "struct":
      return "STRING";
    case "between":
    case "compare":
    case "distinct":
    case "in":
    case "isNull":
    case "like":
    case "logic":
    case "not":
      return "BOOLEAN";
  }
}

const itemType = (type: string) => /^ARRAY<(.*)>$/.exec(type)?.[1] ?? type;

/** A type as DESCRIBE shows it. */
export function schemaOf(type: string): object {
  const item = /^ARRAY<(.*)>$/.exec(type)?.[1];
  if (item !== undefined) return { type: "ARRAY", fields: null, memberSchema: schemaOf(item) };
  const [, precision, scale] = /^DECIMAL\((\d+), (\d+)\)$/.exec(type) ?? [];
  if (precision !== undefined)
    return {
      type: "DECIMAL",
      fields: null,
      memberSchema: null,
      parameters: { precision: +precision, scale: Number(scale) },
    };
  return { type, fields: null, memberSchema: null };
}

/** Columns as messages have them. */
export function schemaText(columns: readonly Column[]): string {
  const ordered = [...columns.filter(({ key }) => key), ...columns.filter(({ key }) => !key)];
  return ordered.map(({ name, type, key }) => `\`${name}\` ${type}${key ? " KEY" : ""}`).join(", ");
}
