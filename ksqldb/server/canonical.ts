/**
 * The parts of a statement in one spelling, so that equal texts mean the same. A server keeps statements in words of its
 * own: properties added, names qualified and quoted, layout changed, `x NOT IN` turned to `NOT (x IN …)`.
 */
import type { Expression, Query, Statement } from "../../engine/language/ast.ts";
import { expressionText } from "../../engine/language/format.ts";
import { nodesIn, qualifiersOf } from "../../engine/language/nodes.ts";

/** Names and values of WITH. */
export function propertiesOf(statement: Statement): Map<string, string> {
  const all = new Map<string, string>();
  for (const { name, value } of statement.properties) {
    const names = name === "FORMAT" ? ["KEY_FORMAT", "VALUE_FORMAT"] : [name.replace("_AVRO_SCHEMA_", "_SCHEMA_")];
    for (const one of names) {
      const text = /^(KEY|VALUE)_FORMAT$/.test(one) ? value.toUpperCase() : value;
      all.set(one, /^-?\d+$/.test(text) ? String(BigInt(text)) : text);
    }
  }
  return all;
}

/** The selected columns, `*` for those of a star. One without a name has that which ksqlDB gives it. */
export function itemsOf(query: Query): { name: string; text: string }[] {
  const text = spelling(query);
  let unnamed = 0;
  return query.items.map((item) => {
    if (item.kind === "star") return { name: "*", text: "*" };
    if (item.kind === "allFields") return { name: `${text(item.struct)}->*`, text: "*" };
    const { expression, name } = item;
    const own = expression.kind === "name" || expression.kind === "field" ? expression.name : undefined;
    return { name: name?.name ?? own ?? `KSQL_COL_${unnamed++}`, text: text(expression) };
  });
}

const day = 86_400_000;

/** The other clauses; undefined where there is none. Defaults of a window are written out. */
export function clausesOf(query: Query): Record<string, string | undefined> {
  const text = spelling(query);
  const { window, where, group, partition, having, emit } = query;
  const grace = window && (window.grace ?? (emit === "FINAL" ? 0 : Math.max(day - window.size, 0)));
  const retention = window && (window.retention ?? window.size + grace!);
  return {
    FROM: query.from.name.name,
    WINDOW: window ? `SIZE ${window.size}, RETENTION ${retention}, GRACE PERIOD ${grace} (ms)` : undefined,
    WHERE: where ? text(where) : undefined,
    "GROUP BY": group?.map(text).join(", "),
    "PARTITION BY": partition?.map(text).join(", "),
    HAVING: having ? text(having) : undefined,
    EMIT: emit,
  };
}

/** How an expression of a query is written: columns without the names of their only source. */
function spelling(query: Query): (expression: Expression) => string {
  const qualifiers = qualifiersOf(query);
  return (expression) => expressionText(rewrite(expression, asStored), qualifiers);
}

/** As ksqlDB stores it: NOT stands before what it negates, decimals have a digit before their point. */
function asStored(node: Expression): Expression {
  if ("negated" in node && node.negated && node.kind !== "isNull")
    return { kind: "not", operand: { ...node, negated: false }, at: node.at };
  if (node.kind === "literal" && node.type === "DECIMAL") {
    const [, sign, whole, , fraction] = /^(-?)0*(\d*)(\.(\d*))?$/.exec(node.text)!;
    return { ...node, text: `${sign}${whole || "0"}${fraction ? `.${fraction}` : ""}` };
  }
  return node;
}

/** A tree with every expression in it replaced, the inner ones first. */
function rewrite<T>(tree: T, change: (node: Expression) => Expression): T {
  if (Array.isArray(tree)) return tree.map((item: unknown) => rewrite(item, change)) as T;
  if (typeof tree !== "object" || tree === null) return tree;
  const inner = Object.fromEntries(Object.entries(tree).map(([name, part]) => [name, rewrite<unknown>(part, change)]));
  return ("kind" in inner ? change(inner as unknown as Expression) : inner) as T;
}

/** The columns of the source that a query names, and the functions that it calls. */
export function namesIn(query: Query): { columns: string[]; functions: ReadonlySet<string> } {
  const nodes = nodesIn(query);
  const named = (kind: "name" | "call") => new Set(nodes.flatMap((node) => (node.kind === kind ? node.name : [])));
  return { columns: [...named("name")].toSorted(), functions: named("call") };
}
