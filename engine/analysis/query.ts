/** CREATE STREAM … AS and CREATE TABLE … AS. */
import type { CreateAs, Expression, Place } from "../language/ast.ts";
import { expressionText } from "../language/format.ts";
import { nameText, type SqlType } from "../language/types.ts";
import { typed } from "../expressions/expression.ts";
import { condition } from "../expressions/logic.ts";
import type { Refuse } from "../language/parse.ts";
import type { Scope, Typed } from "../expressions/typed.ts";
import { grouping } from "./aggregation.ts";
import type { FormatName, Side } from "../formats/format.ts";
import type { OutputColumn, Plan, Source } from "./plan.ts";
import { selected, splitKey, type Selected } from "./projection.ts";
import { formatOf, readProperties, type Properties } from "./properties.ts";
import { sourceScope, type SourceScope } from "./scope.ts";
import { newKey, newSide, timestampColumn, type Settings } from "./source.ts";

export interface Script {
  /** For messages. */
  readonly file: string;
  readonly text: string;
}

export function planQuery(
  statement: CreateAs,
  source: Source,
  script: Script,
  settings: Settings,
  refuse: Refuse,
): Plan {
  const { query, at } = statement;
  const { from } = query;
  const properties = readProperties(statement.properties, refuse);
  if (source.kind === "table")
    refuse(from.name.at, `a table as a source (${source.name}) is outside the subset that is executed here`, "subset");
  if (query.emit === "FINAL")
    refuse(
      query.at,
      "EMIT FINAL is outside the subset that is executed here: a late trade would never count, and a catch-up loses windows",
      "subset",
    );
  if (query.window !== null && query.group === null) refuse(query.window.at, "WINDOW needs GROUP BY");
  if (query.having !== null && query.group === null) refuse(query.having.at, "HAVING needs GROUP BY");
  if (query.group !== null && query.partition !== null)
    refuse(query.at, "GROUP BY and PARTITION BY do not go together");
  if ((statement.source === "table") !== (query.group !== null)) {
    refuse(
      at,
      query.group === null ? "CREATE TABLE … AS needs GROUP BY over a stream" : "what GROUP BY makes is a TABLE",
    );
  }
  const qualifiers = [(from.alias ?? from.name).name];
  const scope = sourceScope(source, qualifiers, refuse);
  const text = (expression: Expression) => expressionText(expression, qualifiers);
  const filter: Scope = { ...scope, filter: true };
  const where = query.where === null ? undefined : condition(query.where, filter, (part) => typed(part, filter));
  const parts =
    query.group === null
      ? projected(statement, source, scope, script, text)
      : grouped(statement, source, scope, script, text);

  const sink = newSink(statement, source, parts, properties, script, settings, refuse);
  return {
    file: script.file,
    description: headComment(script.text),
    statement,
    source,
    sink,
    used: scope.used,
    where,
    ...parts,
    keys: parts.keys.map(({ typed: key }) => key),
  };
}

type Parts = Pick<Plan, "explode" | "columns" | "rekeyed" | "aggregation"> & { keys: readonly OutputColumn[] };
type Text = (expression: Expression) => string;

/** A stream of rows: every row of the source that passes, or one for each element of its exploded lists. */
function projected({ query, at }: CreateAs, source: Source, scope: SourceScope, script: Script, text: Text): Parts {
  const { refuse } = scope;
  const keyNames = source.key.columns.map(({ name }) => name);
  const partition = query.partition ?? undefined;
  const toNowhere = partition?.length === 1 && isNullLiteral(partition[0]!);
  if (partition !== undefined && partition.length > 1 && partition.some(isNullLiteral)) {
    refuse(query.at, "PARTITION BY of several columns does not take NULL");
  }
  const keyExpressions = partition === undefined ? keyNames.map(nameExpression) : toNowhere ? [] : partition;
  const keys = keyExpressions.map(text);
  const explode: Typed[] = [];
  const selectScope = explodingScope(scope, explode);

  // What becomes the key leaves the value, and what was the key joins it.
  const others = [...source.value.columns, ...(partition === undefined ? [] : source.key.columns)]
    .map(({ name }) => nameExpression(name))
    .filter((expression) => !keys.includes(text(expression)));
  const items = selected(
    query.items,
    source,
    (place, qualifier) => {
      if (qualifier !== null) scope.column({ ...nameExpression(source.value.columns[0]!.name), qualifier, at: place });
      return [...keyExpressions, ...others];
    },
    (struct) => fieldsOf(struct, scope),
    script.text,
    refuse,
  );
  const split = splitKey(items, keys, text, at, refuse);
  if (partition !== undefined && explode.length > 0)
    refuse(query.at, "PARTITION BY beside EXPLODE is outside the subset that is executed here", "subset");
  return {
    keys: split.keys.map((item) => output(item, scope)),
    columns: split.values.map((item) => output(item, selectScope)),
    explode,
    // ksqlDB partitions anew by several columns also where they are the key as it is.
    rekeyed:
      partition !== undefined && (keys.length !== 1 || keyNames.length !== 1 || keys[0] !== nameText(keyNames[0]!)),
    aggregation: undefined,
  };
}

function grouped({ query, at }: CreateAs, source: Source, scope: SourceScope, script: Script, text: Text): Parts {
  const { refuse } = scope;
  if (source.value.format === "KAFKA")
    refuse(query.at, "GROUP BY over a value in the format KAFKA, which ksqlDB refuses");
  const groups = grouping(query, source, scope, text);
  const items = selected(
    query.items,
    source,
    (place) => refuse(place, "GROUP BY does not go together with *"),
    (struct) => fieldsOf(struct, scope),
    script.text,
    refuse,
  );
  const split = splitKey(items, groups.keys, text, at, refuse);
  const keys = split.keys.map((item) => output(item, groups.scope()));
  const columns = split.values.map((item) => output(item, groups.scope()));
  const aggregation = groups.finish(query.having);
  return { keys, columns, explode: [], rekeyed: !aggregation.byKey, aggregation };
}

function output({ expression, name, comment, at }: Selected, scope: Scope): OutputColumn {
  const value = typed(expression, scope);
  const type = value.type ?? scope.refuse(at, `the column ${name} is a bare NULL, which has no type: CAST(NULL AS …)`);
  return { name, type, typed: value, comment };
}

/** In a SELECT list EXPLODE(list) stands for one element of the list. */
function explodingScope(scope: SourceScope, explode: Typed[]): Scope {
  return {
    ...scope,
    special: (expression, inner) => {
      if (expression.kind === "case") return typed(expression, { ...inner, special: refuseExplode(scope.refuse) });
      if (expression.kind !== "call" || expression.name !== "EXPLODE") return undefined;
      const [argument, more] = expression.args;
      if (argument === undefined || more !== undefined) return scope.refuse(expression.at, "EXPLODE takes one list");
      const list = typed(argument, { ...scope, special: refuseExplode(scope.refuse) });
      if (list.type?.base !== "ARRAY") return scope.refuse(expression.at, "EXPLODE takes a list");
      const place = scope.width + explode.push(list) - 1;
      return { type: list.type.item, guarded: false, evaluate: (row) => row[place]! };
    },
  };
}

function refuseExplode(refuse: Refuse): NonNullable<Scope["special"]> {
  return (expression) =>
    expression.kind === "call" && expression.name === "EXPLODE"
      ? refuse(expression.at, "EXPLODE may stand in the SELECT list only, not in WHERE, CASE or another EXPLODE")
      : undefined;
}

function fieldsOf(struct: Expression, scope: Scope): string[] {
  let base = struct;
  while (base.kind === "field") ({ base } = base);
  if (base.kind !== "name") scope.refuse(struct.at, "->* stands behind a column or a field of one only");
  const type: SqlType | null = typed(struct, scope).type;
  return type?.base === "STRUCT"
    ? type.fields.map(({ name }) => name)
    : scope.refuse(struct.at, "only a STRUCT has fields");
}

const nowhere: Place = { offset: 0, line: 1, column: 1 };

function nameExpression(name: string): Expression & { kind: "name" } {
  return { kind: "name", qualifier: null, name, at: nowhere, end: 0 };
}

function isNullLiteral(expression: Expression): boolean {
  return expression.kind === "literal" && expression.type === "NULL";
}

/** What a statement does not say about its topic is as in its source. */
function newSink(
  statement: CreateAs,
  source: Source,
  { keys, columns, aggregation }: Parts,
  properties: Properties,
  script: Script,
  settings: Settings,
  refuse: Refuse,
): Source {
  const { at } = statement;
  const { name } = statement.name;
  const format = formatOf("VALUE", properties, at, refuse) ?? source.value.format;
  const ownKeyFormat = formatOf("KEY", properties, at, refuse);
  if (keys.length === 0 && statement.query.partition !== null && (ownKeyFormat ?? "NONE") !== "NONE")
    refuse(at, "PARTITION BY NULL leaves no key: no KEY_FORMAT but NONE");
  const keyFormat = ownKeyFormat ?? inheritedKeyFormat(statement, source, keys.length);
  const inherited = (side: "KEY" | "VALUE", { format: theirs, delimiter }: Side, own: FormatName) => {
    const written = properties.get("FORMAT") ?? properties.get(`${side}_FORMAT`) ?? own;
    if (own !== "DELIMITED" || theirs !== own || delimiter === "," || properties.has(`${side}_DELIMITER`))
      return undefined;
    // ksqlDB compares the texts.
    return written === own ? delimiter : refuse(at, `write ${own} for ${written}, or the source's delimiter is lost`);
  };
  return {
    kind: statement.source,
    name,
    topic: properties.get("KAFKA_TOPIC") ?? name,
    key: newKey(keyFormat, keys, name, inherited("KEY", source.key, keyFormat), properties, at, refuse),
    keyFormat,
    value: newSide(
      "VALUE",
      format,
      columns,
      properties,
      settings,
      at,
      refuse,
      inherited("VALUE", source.value, format),
    ),
    timestamp: timestampColumn(properties, [...keys, ...columns], at, refuse),
    windowSize: aggregation?.window?.size,
    properties,
    file: script.file,
  };
}

/** A source without key has a format, which comes to life with a key; that of a stream without one by PARTITION BY NULL is lost. */
function inheritedKeyFormat({ query }: CreateAs, { keyFormat }: Source, keys: number): FormatName {
  if (keys === 0 && query.partition !== null) return "NONE";
  return keyFormat === "NONE" && keys > 0 ? "KAFKA" : keyFormat;
}

/** The comment at the head of a script: what the object is. */
function headComment(text: string): string {
  const lines = text.split("\n");
  const end = lines.findIndex((line) => !line.startsWith("--"));
  return lines
    .slice(0, end)
    .map((line) => line.slice(2).trim())
    .join(" ");
}
