/**
 * Expressions as text in one canonical form: two texts are the same expression to ksqlDB if their canonical forms are equal.
 * Used to match the key in GROUP BY and SELECT, in messages, and to compare what a server runs with the files.
 */
import type { Expression, TypeName } from "./ast.ts";
import { nameText } from "./types.ts";

/** `qualifiers`: names of the source, which are dropped in front of its columns. */
export function expressionText(expression: Expression, qualifiers: readonly string[] = []): string {
  const text = (inner: Expression) => expressionText(inner, qualifiers);
  const list = (inner: readonly Expression[]) => inner.map(text).join(", ");
  const not = (negated: boolean) => (negated ? "NOT " : "");
  switch (expression.kind) {
    case "literal":
      switch (expression.type) {
        case "STRING":
          return `'${expression.value.replaceAll("'", "''")}'`;
        case "BOOLEAN":
        case "NULL":
          return String(expression.value).toUpperCase();
        case "INTEGER":
          return String(BigInt(expression.text));
        case "DECIMAL":
          return expression.text;
        case "DOUBLE":
          return Number(expression.text).toExponential().toUpperCase();
      }
    // eslint-disable-next-line no-fallthrough -- every type of a literal returns
    case "name":
      return expression.qualifier === null || qualifiers.includes(expression.qualifier)
        ? nameText(expression.name)
        : `${nameText(expression.qualifier)}.${nameText(expression.name)}`;
    case "call":
      return `${expression.name}(${expression.star ? "*" : list(expression.args)})`;
    case "lambda":
      return `(${expression.parameters.map(nameText).join(", ")}) => ${text(expression.body)}`;
    case "subscript":
      return `${text(expression.base)}[${text(expression.index)}]`;
    case "field":
      return `${text(expression.base)}->${nameText(expression.name)}`;
    case "case":
      return `(CASE ${expression.whens
        .map(({ condition, result }) => `WHEN ${text(condition)} THEN ${text(result)} `)
        .join("")}${expression.otherwise === null ? "" : `ELSE ${text(expression.otherwise)} `}END)`;
    case "compare":
    case "logic":
    case "arithmetic":
      return `(${text(expression.left)} ${expression.op} ${text(expression.right)})`;
    case "distinct":
      return `(${text(expression.left)} IS ${not(expression.negated)}DISTINCT FROM ${text(expression.right)})`;
    case "between":
      return `(${text(expression.operand)} ${not(expression.negated)}BETWEEN ${text(expression.low)} AND ${text(expression.high)})`;
    case "in":
      return `(${text(expression.operand)} ${not(expression.negated)}IN (${list(expression.list)}))`;
    case "like":
      return `(${text(expression.operand)} ${not(expression.negated)}LIKE ${text(expression.pattern)}${
        expression.escape === null ? "" : ` ESCAPE '${expression.escape}'`
      })`;
    case "not":
      return `(NOT ${text(expression.operand)})`;
    case "isNull":
      return `(${text(expression.operand)} IS ${not(expression.negated)}NULL)`;
    case "sign":
      return `${expression.op}(${text(expression.operand)})`;
    case "cast":
      return `CAST(${text(expression.operand)} AS ${typeNameText(expression.type)})`;
    case "array":
      return `ARRAY[${list(expression.items)}]`;
    case "map":
      return `MAP(${expression.entries.map(({ key, value }) => `${text(key)} := ${text(value)}`).join(", ")})`;
    case "struct":
      return `STRUCT(${expression.fields.map(({ name, value }) => `${nameText(name)} := ${text(value)}`).join(", ")})`;
  }
}

const synonyms: Readonly<Record<string, string>> = { INT: "INTEGER", VARCHAR: "STRING" };

/** A type as ksqlDB prints it, whether or not the engine knows it. */
export function typeNameText(type: TypeName): string {
  switch (type.kind) {
    case "ARRAY":
      return `ARRAY<${typeNameText(type.item)}>`;
    case "MAP":
      return `MAP<${typeNameText(type.key)}, ${typeNameText(type.value)}>`;
    case "STRUCT":
      return `STRUCT<${type.fields.map((field) => `${nameText(field.name)} ${typeNameText(field.type)}`).join(", ")}>`;
    case "DECIMAL":
      return `DECIMAL(${type.precision}, ${type.scale})`;
    case "NAMED":
      return synonyms[type.name] ?? type.name;
  }
}
