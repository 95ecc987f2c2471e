/** Whether what a server runs is what a file says, clause by clause, which also gives the words for a difference. */
import type { Statement } from "../../engine/language/ast.ts";
import { typeNameText } from "../../engine/language/format.ts";
import { clausesOf, itemsOf, propertiesOf } from "./canonical.ts";
import type { Desired } from "./desired.ts";
import { exactlyOnce, guaranteeProperty, isExactlyOnce } from "./explain.ts";
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
    return [{ part: "other", text: `what the server has under this name cannot be read here: ${statement}` }];
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
    found.push({ part: "query", text: "no query writes it any more: it was terminated" });
  const loose = server.writtenBy.find(({ guarantee = exactlyOnce }) => !isExactlyOnce(guarantee));
  if (loose !== undefined)
    found.push({
      part: "guarantee",
      text: `its query ${loose.id} runs with ${guaranteeProperty} ${loose.guarantee}, and statements are applied with ${exactlyOnce}: a crash of the server makes it write rows twice, and count twice for good`,
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
