/**
 * Whether what a server runs is what a file says, clause by clause, which also gives the words for a difference. Parts are
 * compared in one spelling, so that equal texts mean the same: a server keeps statements in words of its own, with properties
 * added, names qualified and quoted, and `x NOT IN` written as `NOT (x IN …)`.
 */
import { type Expression, nodesIn, qualifiersOf, type Query, type Statement } from "../../engine/language/ast.ts";
import { expressionText, typeNameText } from "../../engine/language/canonical-text.ts";
import type { Desired } from "./desired.ts";
import { exactlyOnce, guaranteeProperty, isExactlyOnce } from "./queries.ts";
import type { Column, Source } from "./state.ts";

export interface Difference {
  /** What of the statement; `appended`: nothing of its columns, but that there are more of them behind. */
  readonly part: "kind" | "properties" | "columns" | "appended" | "where" | "other" | "query" | "guarantee";
  readonly text: string;
}

/** None if they mean the same. */
export function differences(server: Source, { kind, ast, columns }: Desired): Difference[] {
  const { statement } = server;
  if (server.kind !== kind) return [{ part: "kind", text: between("it", `a ${server.kind}`, `a ${kind}`) }];
  if (typeof statement === "string")
    return [{ part: "other", text: `what the server has under this name cannot be parsed here: ${statement}` }];
  const properties = compareProperties(statement, ast);
  if (statement.kind === "create" && ast.kind === "create") {
    const declared = ast.columns.map(({ name, type, key }) => ({ name, type: typeNameText(type), key: key !== "" }));
    return [...properties, ...compareDeclared(server.columns, declared)];
  }
  if (statement.kind === "create" || ast.kind === "create") {
    const what = (one: Statement) => (one.kind === "create" ? "declared over a topic" : "made by a query");
    return [{ part: "kind", text: between("it", what(statement), what(ast)) }];
  }
  const [theirs, ours] = [clausesOf(statement.query), clausesOf(ast.query)];
  const clauses = Object.keys(ours).filter((clause) => theirs[clause] !== ours[clause]);
  const found = [
    ...properties,
    ...compareLists(itemsOf(statement.query), itemsOf(ast.query)),
    ...clauses.map((clause): Difference => {
      return { part: clause === "WHERE" ? "where" : "other", text: between(clause, theirs[clause], ours[clause]) };
    }),
  ];
  // What a star stands for was settled when the query was made.
  const hasStar = ast.query.items.some((item) => item.kind !== "item");
  if (hasStar && found.length === 0 && columns.length > 0)
    found.push(...compareLists(server.columns.map(entryOf), columns.map(entryOf)));
  if (server.writtenBy.length === 0)
    found.push({ part: "query", text: "no query writes it any longer: it was terminated" });
  const loose = server.writtenBy.find(({ guarantee = exactlyOnce }) => !isExactlyOnce(guarantee));
  if (loose !== undefined)
    found.push({
      part: "guarantee",
      text: `its query ${loose.id} runs with ${guaranteeProperty} ${loose.guarantee}, and statements are applied with ${exactlyOnce}: after a crash of the server it writes rows twice, and counts them twice permanently`,
    });
  return found;
}

/** Properties that a server adds to the stored text. Where a file leaves them to it, its choice is no difference. */
const injected = "CLEANUP_POLICY KAFKA_TOPIC KEY_FORMAT PARTITIONS REPLICAS RETENTION_MS VALUE_FORMAT".split(" ");

function compareProperties(server: Statement, file: Statement): Difference[] {
  const [theirs, ours] = [propertiesOf(server), propertiesOf(file)];
  const names = new Set([...theirs.keys(), ...ours.keys()]);
  return [...names]
    .filter((name) => theirs.get(name) !== ours.get(name) && (ours.has(name) || !injected.includes(name)))
    .map((name) => ({ part: "properties", text: between(name, theirs.get(name), ours.get(name)) }));
}

/** A file may leave the columns of the key, or those of the value, to the server, which infers them. */
function compareDeclared(server: readonly Column[], file: readonly Column[]): Difference[] {
  const part = (columns: readonly Column[], key: boolean) =>
    columns.filter((column) => column.key === key).map(entryOf);
  const compare = (key: boolean) =>
    part(file, key).length === 0 ? [] : compareLists(part(server, key), part(file, key));
  return [...compare(true).map(({ text }): Difference => ({ part: "columns", text })), ...compare(false)];
}

interface Entry {
  readonly name: string;
  readonly text: string;
}

const entryOf = ({ name, type, key }: Column): Entry => ({ name, text: key ? `${type} KEY` : type });

function compareLists(server: readonly Entry[], file: readonly Entry[]): Difference[] {
  const find = (list: readonly Entry[], { name }: Entry) => list.find((entry) => entry.name === name);
  const found = server.flatMap((entry) => {
    const ours = find(file, entry);
    if (ours === undefined) return `column ${entry.name} is not in the file`;
    return ours.text === entry.text ? [] : between(`column ${entry.name}`, entry.text, ours.text);
  });
  if (found.length === 0 && server.some(({ name }, i) => name !== file[i]!.name))
    found.push("the columns stand in another order");
  const part = found.length === 0 ? "appended" : "columns";
  const added = file.filter((entry) => find(server, entry) === undefined).map(({ name }) => `column ${name} is new`);
  return [...found, ...added].map((text) => ({ part, text }));
}

function between(what: string, server: string | undefined, file: string | undefined): string {
  return `${what} is ${server ?? "not given"} on the server and ${file ?? "not given"} in the file`;
}

/** Names and values of WITH. */
function propertiesOf(statement: Statement): Map<string, string> {
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
function itemsOf(query: Query): { name: string; text: string }[] {
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
function clausesOf(query: Query): Record<string, string | undefined> {
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
