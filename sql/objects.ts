/**
 * The views and table functions of this folder. A file holds one object in BigQuery's dialect: comment lines that tell
 * what it is, a line `-- view` or `-- table function: argument TYPE, …`, and the body that both engines are given.
 */
import { readdirSync, readFileSync } from "node:fs";
import { UserError } from "../command.ts";
import { catalog } from "../schemas/catalog.ts";

const argumentTypes = ["STRING", "TIMESTAMP", "INT64"] as const;

export interface Argument {
  readonly name: string;
  readonly type: (typeof argumentTypes)[number];
}

export interface SqlObject {
  readonly name: string;
  readonly file: string;
  readonly kind: "view" | "table function";
  readonly description: string;
  /** Of a table function, in order. */
  readonly arguments: readonly Argument[];
  readonly body: string;
}

/** All objects, each after those that it reads. */
export function readObjects(): SqlObject[] {
  const files = readdirSync(import.meta.dirname)
    .filter((name) => name.endsWith(".sql"))
    .toSorted();
  return inOrder(files.map((file) => parseObject(file, readFileSync(new URL(file, import.meta.url), "utf8"))));
}

export function parseObject(file: string, text: string): SqlObject {
  const lines = text.trim().split("\n");
  const at = lines.findIndex((line) => /^-- (view|table function: .*)$/.test(line));
  if (at < 1)
    throw new UserError(
      `sql/${file}: the head must be a description, then "-- view" or "-- table function: argument TYPE, …"`,
    );
  const [kind, list] = lines[at]!.slice(3).split(": ");
  const parsed = list === undefined ? [] : list.split(",").map((argument) => parseArgument(argument.trim(), file));
  for (const name of kind === "view" ? [] : ["in_start", "in_stop", "in_seconds"]) {
    // A table function is there for its filter on time: without one nobody could query it on BigQuery.
    if (!parsed.some((argument) => argument.name === name))
      throw new UserError(`sql/${file}: a table function must take ${name}`);
  }
  return {
    name: file.replace(/\.sql$/, ""),
    file: `sql/${file}`,
    kind: kind as SqlObject["kind"],
    description: lines
      .slice(0, at)
      .map((line) => line.replace(/^--\s*/, ""))
      .join(" "),
    arguments: parsed,
    body: lines.slice(at + 1).join("\n"),
  };
}

function parseArgument(text: string, file: string): Argument {
  const [name, type] = text.split(" ") as [string, Argument["type"]];
  // BigQuery reads an argument that is named as a column as the column, and filters nothing.
  if (!name.startsWith("in_")) throw new UserError(`sql/${file}: the argument ${name} must start with in_`);
  if (!argumentTypes.includes(type))
    throw new UserError(`sql/${file}: the argument ${name} must be one of ${argumentTypes.join(", ")}`);
  return { name, type };
}

function inOrder(objects: readonly SqlObject[]): SqlObject[] {
  const ordered: SqlObject[] = [];
  const visit = (object: SqlObject): void => {
    if (ordered.includes(object)) return;
    for (const other of objects) if (other !== object && reads(object, other.name)) visit(other);
    ordered.push(object);
  };
  objects.forEach(visit);
  return ordered;
}

function reads(object: SqlObject, name: string): boolean {
  let found = false;
  qualify(object.body, (read) => {
    found ||= read === name;
    return undefined;
  });
  return found;
}

/** A body with other names for what it reads and writes; where `nameOf` gives none, the name stays. */
export function qualify(body: string, nameOf: (read: string) => string | undefined): string {
  return body.replace(
    /\b(FROM|JOIN|INTO|UPDATE)(\s+)`?([a-z_][a-z0-9_]*)`?/gi,
    (text, word: string, space: string, name: string) => {
      const other = nameOf(name);
      return other === undefined ? text : word + space + other;
    },
  );
}

/** Of objects in their order those that can be without the other tables. */
export function keptObjects(objects: readonly SqlObject[], tables: readonly string[]): SqlObject[] {
  const all = new Set([...catalog.map(({ name }) => name), ...objects.map(({ name }) => name)]);
  const there = new Set(tables);
  return objects.filter((object) => {
    const lacks = [...all].some((name) => !there.has(name) && reads(object, name));
    if (!lacks) there.add(object.name);
    return !lacks;
  });
}
