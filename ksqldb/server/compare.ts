/**
 * Whether what a server runs is what a file says. A server keeps statements in words of its own: columns inferred,
 * properties added, names qualified and quoted, layout changed, `x NOT IN` turned to `NOT (x IN …)`. So two statements are
 * compared as what they mean, clause by clause, which also gives the words for a difference.
 */
import type { ColumnElement, Create, Expression, Query, Statement } from "../language/ast.ts";
import { expressionText, typeNameText } from "../language/format.ts";
import type { Desired } from "./desired.ts";
import type { Source } from "./state.ts";

/** What of a statement differs; `appended`: nothing of its columns, but that there are more of them behind. */
type Part = "kind" | "properties" | "columns" | "appended" | "where" | "other" | "query";

export interface Difference {
  readonly part: Part;
  readonly text: string;
}

/** Properties that a server adds to the stored text. Where a file leaves them to it, its choice is no difference. */
const injected = new Set(
  "CLEANUP_POLICY KAFKA_TOPIC KEY_FORMAT PARTITIONS REPLICAS RETENTION_MS VALUE_FORMAT".split(" "),
);

/** Between what a server has and what a file says; none if they mean the same. */
export function differences(server: Source, { kind, ast, columns }: Desired): Difference[] {
  const { statement } = server;
  if (server.kind !== kind) return [{ part: "kind", text: between("it", `a ${server.kind}`, `a ${kind}`) }];
  if (typeof statement === "string") {
    return [{ part: "other", text: `what the server has under this name can not be read here: ${statement}` }];
  }
  const found = compareStatements(statement, ast, server.known);
  if (ast.kind === "create") return found;
  // What a star stands for was settled when the query was made.
  const stars = ast.query.items.some((item) => item.kind !== "item");
  if (stars && found.length === 0 && columns !== undefined && server.columns.length > 0)
    found.push(...listDifferences(server.columns.map(columnEntry), columns.map(columnEntry)));
  if (server.writtenBy.length === 0)
    found.push({ part: "query", text: "no query writes it any more: it was terminated" });
  return found;
}

/** Between two statements. `known`: properties that the server's text may leave out. */
export function compareStatements(
  server: Statement,
  file: Statement,
  known: ReadonlyMap<string, string> = new Map(),
): Difference[] {
  const properties = compareProperties(propertiesOf(server, known), propertiesOf(file));
  if (server.kind === "create" && file.kind === "create") return [...properties, ...compareColumns(server, file)];
  if (server.kind === "create" || file.kind === "create") {
    const what = ({ kind }: Statement) => (kind === "create" ? "declared over a topic" : "made by a query");
    return [{ part: "kind", text: between("it", what(server), what(file)) }];
  }
  const [theirs, ours] = [clausesOf(server.query), clausesOf(file.query)];
  const clauses = Object.keys(ours).filter((clause) => theirs[clause] !== ours[clause]);
  return [
    ...properties,
    ...listDifferences(itemsOf(server.query), itemsOf(file.query)),
    ...clauses.map((clause): Difference => {
      return { part: clause === "WHERE" ? "where" : "other", text: between(clause, theirs[clause], ours[clause]) };
    }),
  ];
}

function compareProperties(server: ReadonlyMap<string, string>, file: ReadonlyMap<string, string>): Difference[] {
  return [...new Set([...server.keys(), ...file.keys()])].flatMap((name): Difference[] => {
    const [theirs, ours] = [server.get(name), file.get(name)];
    if (theirs === ours || (ours === undefined && injected.has(name))) return [];
    return [{ part: "properties", text: between(name, theirs, ours) }];
  });
}

/** A file may leave the columns of the key, or those of the value, to the server, which infers them. */
function compareColumns(server: Create, file: Create): Difference[] {
  return [true, false].flatMap((key) => {
    const [theirs, ours] = [server, file].map(({ columns }) =>
      columns.filter((column) => (column.key !== "") === key).map(elementEntry),
    );
    const found = ours!.length === 0 ? [] : listDifferences(theirs!, ours!);
    return key ? found.map(({ text }) => ({ part: "columns", text })) : found;
  });
}

interface Entry {
  readonly name: string;
  readonly text: string;
}

const elementEntry = ({ name, type, key }: ColumnElement): Entry => ({
  name,
  text: `${typeNameText(type)} ${key.toUpperCase()}`.trim(),
});
const columnEntry = ({ name, type, key }: Source["columns"][number]): Entry => ({
  name,
  text: key ? `${type} KEY` : type,
});

function listDifferences(server: readonly Entry[], file: readonly Entry[]): Difference[] {
  const found: string[] = [];
  const placeIn = (list: readonly Entry[], { name }: Entry) => list.findIndex((entry) => entry.name === name);
  for (const entry of server) {
    const ours = file[placeIn(file, entry)];
    if (ours === undefined) found.push(`column ${entry.name} is not in the file`);
    else if (ours.text !== entry.text) found.push(between(`column ${entry.name}`, entry.text, ours.text));
  }
  const shared = server.filter((entry) => placeIn(file, entry) >= 0);
  const places = shared.map((entry) => placeIn(file, entry));
  if (places.some((place, i) => i > 0 && place < places[i - 1]!)) found.push("the columns stand in another order");
  else if (places.some((place, i) => place !== i)) found.push("new columns stand before others");
  const appended = found.length === 0;
  for (const entry of file) if (placeIn(server, entry) < 0) found.push(`column ${entry.name} is new`);
  return found.map((text) => ({ part: appended ? "appended" : "columns", text }));
}

function between(what: string, server: string | undefined, file: string | undefined): string {
  return `${what} is ${server ?? "not given"} on the server and ${file ?? "not given"} in the file`;
}

/** Names and values in one spelling. */
function propertiesOf(statement: Statement, known: ReadonlyMap<string, string> = new Map()): Map<string, string> {
  const all = new Map(known);
  for (const { name, value } of statement.properties) {
    const names = name === "FORMAT" ? ["KEY_FORMAT", "VALUE_FORMAT"] : [name.replace("_AVRO_SCHEMA_", "_SCHEMA_")];
    for (const one of names) all.set(one, String(value));
  }
  for (const [name, value] of all)
    if (/^\d+$/.test(value)) all.set(name, String(BigInt(value)));
    else if (/^(KEY|VALUE)_FORMAT$/.test(name)) all.set(name, value.toUpperCase());
  return all;
}

const qualifiersOf = ({ from }: Query) => [from.name.name, ...(from.alias === null ? [] : [from.alias.name])];

/** The selected columns. One without a name has that which ksqlDB gives it. */
function itemsOf(query: Query): Entry[] {
  const qualifiers = qualifiersOf(query);
  let unnamed = 0;
  return query.items.map((item) => {
    if (item.kind === "star") return { name: "*", text: "*" };
    if (item.kind === "allFields") {
      const struct = expressionText(canonical(item.struct), qualifiers);
      return { name: `${struct}->*`, text: "*" };
    }
    const { expression, name } = item;
    const own = expression.kind === "name" || expression.kind === "field" ? expression.name : undefined;
    return {
      name: name?.name ?? own ?? `KSQL_COL_${unnamed++}`,
      text: expressionText(canonical(expression), qualifiers),
    };
  });
}

const hour = 3_600_000;

/** The other clauses; undefined where there is none. Defaults of a window are written out. */
function clausesOf(query: Query): Record<string, string | undefined> {
  const qualifiers = qualifiersOf(query);
  const text = (expression: Expression | null) =>
    expression === null ? undefined : expressionText(canonical(expression), qualifiers);
  const list = (expressions: readonly Expression[] | null) => expressions?.map((one) => text(one)).join(", ");
  const { window, emit } = query;
  const grace = window && (window.grace ?? (emit === "FINAL" ? 0 : Math.max(24 * hour - window.size, 0)));
  const retention = window && (window.retention ?? window.size + grace!);
  return {
    FROM: query.from.name.name,
    WINDOW: window === null ? undefined : `SIZE ${window.size}, RETENTION ${retention}, GRACE PERIOD ${grace} (ms)`,
    WHERE: text(query.where),
    "GROUP BY": list(query.group),
    "PARTITION BY": list(query.partition),
    HAVING: text(query.having),
    EMIT: emit,
  };
}

/** An expression as ksqlDB stores it: NOT stands before what it negates, decimals have a digit before their point. */
function canonical(expression: Expression): Expression {
  return rewrite(expression, (node) => {
    if ("negated" in node && node.negated && node.kind !== "isNull")
      return { kind: "not", operand: { ...node, negated: false }, at: node.at };
    if (node.kind === "literal" && node.type === "DECIMAL") {
      const [, sign, whole, , fraction] = /^(-?)0*(\d*)(\.(\d*))?$/.exec(node.text)!;
      return { ...node, text: `${sign}${whole || "0"}${fraction ? `.${fraction}` : ""}` };
    }
    return node;
  });
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
  const columns = new Set<string>();
  const functions = new Set<string>();
  rewrite(query, (node) => {
    if (node.kind === "name") columns.add(node.name);
    if (node.kind === "call") functions.add(node.name);
    return node;
  });
  return { columns: [...columns].toSorted(), functions };
}
