/** Whether a fake ksqlDB takes another statement in the place of one that it has, and with which words it does not. */
import type { CreateAs, Query as Select } from "../../engine/language/ast.ts";
import { refuse, type Source } from "./state.ts";
import { schemaText, type Column } from "./text.ts";

/** As Java prints what a source knows of its topic. */
function topicText({ topic, keyFormat, valueFormat, ast }: Source): string {
  const fullName = ast.properties.find(({ name }) => name === "VALUE_SCHEMA_FULL_NAME")?.value;
  const format = (name: string, properties: string) => `format=FormatInfo{format=${name}, properties={${properties}}}`;
  return (
    `KsqlTopic{kafkaTopicName='${topic}', keyFormat=KeyFormat{${format(keyFormat, "")}, features=[], window=Optional.empty}, ` +
    `valueFormat=ValueFormat{${format(valueFormat, fullName === undefined ? "" : `fullSchemaName=${fullName}`)}, features=[]}}`
  );
}

export function checkSource(old: Source, next: Source, statementText: string): void {
  const no = (message: string) => refuse(message, undefined, statementText);
  const issue = (what: string, a: string, b: string) =>
    `Cannot upgrade data source: DataSource '\`${old.name}\`' has ${what} = ${a} which is not upgradeable to ${b}`;
  if (old.kind !== next.kind) no(issue("type", old.kind.toUpperCase(), next.kind.toUpperCase()));
  if (old.topic !== next.topic) no(issue("topic", topicText(old), topicText(next)));
  const [before, after] = [old, next].map(({ columns }) => columns.filter(({ key }) => !key));
  const text = (column: Column | undefined) => (column === undefined ? "" : schemaText([column]));
  const changed = before!.filter((column, i) => text(column) !== text(after![i]));
  const [keys, newKeys] = [old, next].map(({ columns }) => schemaText(columns.filter(({ key }) => key)));
  const why =
    keys !== newKeys
      ? "Key columns must be identical."
      : changed.length > 0
        ? `The following columns are changed, missing or reordered: [${changed.map(text).join(", ")}]`
        : undefined;
  if (why !== undefined) no(`${issue("schema", schemaText(old.columns), schemaText(next.columns))}. (${why})`);
}

/** The steps of the two plans, side by side. */
export function checkQuery({ query: old }: CreateAs, { query: next }: CreateAs): void {
  const unsupported = (step: string) => refuse(`Upgrades not yet supported for ${step}`, 40000);
  const text = (part: unknown) =>
    JSON.stringify(part, (name, value: unknown) => (name === "at" || name === "end" ? undefined : value)) ?? "";
  for (const query of [old, next]) {
    if (text(query.items).includes('"EXPLODE"')) unsupported("StreamFlatMap");
    if (query.window !== null) unsupported("StreamWindowedAggregate");
  }
  const mustMatch = (step: string, what: string, a: string, b: string) => {
    if (a !== b)
      refuse(
        `Query is not upgradeable. Plan step of type ${step} must have matching ${what}. Values differ: ${a} vs. ${b}`,
        40000,
      );
  };
  mustMatch("StreamSource", "sourceSchema", old.from.name.name, next.from.name.name);
  mustMatch("StreamGroupByKey", "class", text(old.group), text(next.group));
  mustMatch("StreamSelectKey", "keyExpression", text(old.partition), text(next.partition));
  if (old.group !== null) mustMatch("StreamAggregate", "columns not part of aggregate", inputOf(old), inputOf(next));
}

/** The columns that reach an aggregate. */
function inputOf(query: Select): string {
  const text = JSON.stringify([query.items, query.where, query.group]);
  const names = new Set(
    [...text.matchAll(/"kind":"name","qualifier":[^,]*,"name":"([^"]+)"/g)].map(([, name]) => name!),
  );
  const [keys, others] = [["PRODUCT_KEY"], [...names].filter((name) => name !== "PRODUCT_KEY").toSorted()];
  return `[${[...keys, "ROWTIME", ...others].map((name) => `\`${name}\``).join(", ")}]`;
}
