/** CREATE STREAM … AS and CREATE TABLE … AS. */
import type { CreateAs, Expression, Item, Place } from "../language/ast.ts";
import { expressionText } from "../language/canonical-text.ts";
import { nameText } from "../language/types.ts";
import { typed } from "../expressions/expression.ts";
import { condition } from "../expressions/logic.ts";
import { outside, type Refuse } from "../language/parse.ts";
import type { Scope, Typed } from "../expressions/typed.ts";
import { grouping } from "./aggregation.ts";
import type { OutputColumn, Plan, Source } from "./plan.ts";
import { sourceScope, type SourceScope } from "./scope.ts";
import { readProperties, reservedColumns, valueSide } from "./source.ts";

export interface Script {
  /** For messages. */
  readonly file: string;
  readonly text: string;
}

/** Plans a statement over its source. Refuses what ksqlDB refuses, and what is outside the subset. */
export function planQuery(statement: CreateAs, source: Source, script: Script, refuse: Refuse): Plan {
  const { query, at } = statement;
  const { from, window, group, partition, having } = query;
  const properties = readProperties(statement.properties, refuse);
  if (source.kind === "table") outside(from.name.at, `a table as a source (${source.name})`, refuse);
  if (query.emit === "FINAL") outside(query.at, "EMIT FINAL", refuse);
  if (window !== null && group === null) refuse(window.at, "WINDOW needs GROUP BY");
  if (having !== null) outside(having.at, "HAVING", refuse);
  if (partition !== null) outside(partition[0]!.at, "PARTITION BY", refuse);
  if ((statement.source === "table") !== (group !== null))
    refuse(at, group === null ? "CREATE TABLE … AS needs GROUP BY over a stream" : "the result of GROUP BY is a TABLE");

  const qualifiers = [(from.alias ?? from.name).name];
  const text = (expression: Expression) => expressionText(expression, qualifiers);
  const scope = sourceScope(source, qualifiers, refuse);
  const where = query.where === null ? undefined : condition(query.where, scope, (part) => typed(part, scope));
  const groups = group === null ? undefined : grouping(query, source, scope, text);
  const explode: Typed[] = [];
  const { key, values } = split(query.items, source, script.text, text, at, refuse);
  const columns = values.map((item) => output(item, groups?.scope ?? explodingScope(scope, explode)));
  const aggregation = groups?.finish();
  return {
    file: script.file,
    description: headComment(script.text),
    statement,
    source,
    sink: {
      kind: statement.source,
      name: statement.name.name,
      topic: properties.get("KAFKA_TOPIC") ?? statement.name.name,
      key: { columns: [{ name: key.name, type: source.key.columns[0].type }] },
      value: valueSide(columns, properties, at, refuse),
      windowSize: aggregation?.window?.size,
      properties,
      file: script.file,
    },
    used: scope.used,
    where,
    explode,
    columns,
    aggregation,
  };
}

/** An item of the SELECT list with its name. */
interface Selected {
  readonly expression: Expression;
  readonly name: string;
  readonly at: Place;
  /** The comment behind it on its line. */
  readonly comment: string | undefined;
}

/** Separates the key of the source from the other items. Refuses a key that is missing or selected twice. */
function split(
  items: readonly Item[],
  source: Source,
  script: string,
  text: (expression: Expression) => string,
  at: Place,
  refuse: Refuse,
): { key: Selected; values: Selected[] } {
  const all = items.map((item): Selected => {
    if (item.kind !== "item") return outside(item.at, item.kind === "star" ? "*" : "->*", refuse);
    const { expression, name: alias } = item;
    const name = alias?.name ?? (expression.kind === "name" ? expression.name : undefined);
    if (name === undefined) return outside(item.at, "a column without a name of its own (AS `name`)", refuse);
    if (reservedColumns.includes(name.toUpperCase()))
      refuse(item.at, `the name ${name} is reserved by ksqlDB: use AS …`);
    return { expression, name, at: item.at, comment: commentBehind(item, script) };
  });
  const wanted = nameText(source.key.columns[0].name);
  const [key, again] = all.filter(({ expression }) => text(expression) === wanted);
  if (key === undefined) return refuse(at, `the key ${wanted} is missing from the SELECT list`);
  if (again !== undefined)
    refuse(again.at, `the key ${wanted} is selected more than once: AS_VALUE(${wanted}) copies it into the value`);
  if (all.length === 1) refuse(at, "nothing but the key is selected: a value needs a column");
  const twice = all.find(({ name }, i) => all.findIndex((other) => other.name === name) !== i);
  if (twice !== undefined) refuse(twice.at, `the column ${twice.name} is named twice`);
  return { key, values: all.filter((item) => item !== key) };
}

function commentBehind({ name, expression }: Item & { kind: "item" }, text: string): string | undefined {
  const line = text.slice(name?.end ?? expression.at.offset).split("\n", 1)[0]!;
  return /--\s*(.*)/.exec(line)?.[1]?.trim();
}

function output({ expression, name, comment, at }: Selected, scope: Scope): OutputColumn {
  const value = typed(expression, scope);
  const type = value.type ?? scope.refuse(at, `the column ${name} is a bare NULL, which has no type: CAST(NULL AS …)`);
  return { name, type, typed: value, comment };
}

/** In a SELECT list EXPLODE(list) stands for one element of the list. */
function explodingScope(scope: SourceScope, explode: Typed[]): Scope {
  const inside = refuseExplode(scope.refuse);
  return {
    ...scope,
    special: (expression, inner) => {
      if (expression.kind === "case") return typed(expression, { ...inner, special: inside });
      if (expression.kind !== "call" || expression.name !== "EXPLODE") return undefined;
      const [argument, more] = expression.args;
      if (argument === undefined || more !== undefined) return scope.refuse(expression.at, "EXPLODE takes one list");
      const list = typed(argument, { ...scope, special: inside });
      if (list.type?.base !== "ARRAY") return scope.refuse(expression.at, "EXPLODE takes a list");
      const place = scope.width + explode.push(list) - 1;
      return { type: list.type.item, evaluate: (row) => row[place]! };
    },
  };
}

function refuseExplode(refuse: Refuse): NonNullable<Scope["special"]> {
  return (expression) =>
    expression.kind === "call" && expression.name === "EXPLODE"
      ? refuse(expression.at, "EXPLODE is allowed only in the SELECT list, not in WHERE, CASE or another EXPLODE")
      : undefined;
}

/** The comment at the head of a script, which describes the object. */
function headComment(text: string): string {
  const lines = text.split("\n");
  const end = lines.findIndex((line) => !line.startsWith("--"));
  return lines
    .slice(0, end)
    .map((line) => line.slice(2).trim())
    .join(" ");
}
