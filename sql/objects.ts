/**
 * The views and table functions of this folder. A file holds one object in BigQuery's dialect: comment lines that
 * describe it, a line `-- view` or `-- table function: argument TYPE, …`, and the body that both engines are given.
 */
import { readdirSync, readFileSync } from "node:fs";
import { UserError } from "../program/command.ts";
import { inOrder } from "../program/order.ts";
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
  /** The line of the file at which the body starts. */
  readonly firstLine: number;
}

/** All objects, each after those that it reads. Throws UserError if a file does not have this form. */
export function readObjects(): SqlObject[] {
  const files = readdirSync(import.meta.dirname)
    .filter((name) => name.endsWith(".sql"))
    .toSorted();
  const objects = files.map((file) => parseObject(file, readFileSync(new URL(file, import.meta.url), "utf8")));
  for (const object of objects) checkNames(object, objects);
  const readBy = (object: SqlObject) => objects.filter((other) => other !== object && reads(object, other.name));
  return inOrder(objects, readBy, (circle) => {
    throw new UserError(`${circle.map(({ file }) => file).join(" and ")} read each other: one of them must not`);
  });
}

/** Throws UserError if a body reads a name that does not exist: BigQuery would refuse it when half of the rest is created. */
export function checkNames({ file, body }: Pick<SqlObject, "file" | "body">, objects: readonly SqlObject[]): void {
  const there = new Set([...catalog.map(({ name }) => name), ...objects.map(({ name }) => name)]);
  const own = [...body.matchAll(/([a-z_][a-z0-9_]*)`?\s+AS\s*\(/gi)].map(([, name]) => name!);
  const taken = own.find((name) => there.has(name));
  if (taken !== undefined)
    throw new UserError(
      `${file} names a part of its WITH ${taken}, which is the name of a table or view: give it another name`,
    );
  qualify(body, (name) => {
    if (!there.has(name) && !own.includes(name))
      throw new UserError(`${file} reads ${name}, which is not a table, view or function here`);
    return undefined;
  });
}

export function parseObject(file: string, text: string): SqlObject {
  const name = objectName("sql", file);
  if (catalog.some((topic) => topic.name === name))
    throw new UserError(
      `sql/${file}: ${name} is the name of a table: give the view another, for example without coinbase_`,
    );
  const head = splitHead(text, /^-- (view|table function: .*)$/);
  if (head === undefined)
    throw new UserError(
      `sql/${file}: the head must be a description, then "-- view" or "-- table function: argument TYPE, …"`,
    );
  const { description, marker, body, firstLine } = head;
  const [kind, list] = marker.slice(3).split(": ") as [SqlObject["kind"], string?];
  const parsed = list === undefined ? [] : list.split(",").map((argument) => parseArgument(argument.trim(), file));
  // A table function exists for its filter on time: without one BigQuery would refuse every query of it.
  const needed = kind === "view" ? [] : ["in_start", "in_stop", "in_seconds"];
  const missing = needed.filter((one) => !parsed.some((argument) => argument.name === one));
  if (missing.length > 0)
    throw new UserError(
      `sql/${file}: a table function must take ${needed.join(", ")} (TIMESTAMP, TIMESTAMP, INT64); missing: ${missing.join(", ")}`,
    );
  return { name, file: `sql/${file}`, kind, description, arguments: parsed, body, firstLine };
}

/** The description before a marker line, the marker, and the body after it, with its first line; undefined without the first two. */
export function splitHead(
  text: string,
  marker: RegExp,
): { description: string; marker: string; body: string; firstLine: number } | undefined {
  const lines = text.trim().split("\n");
  const at = lines.findIndex((line) => marker.test(line));
  if (at < 1) return undefined;
  return {
    description: lines
      .slice(0, at)
      .map((line) => line.replace(/^--\s*/, ""))
      .join(" "),
    marker: lines[at]!,
    body: lines.slice(at + 1).join("\n"),
    firstLine: text.slice(0, text.length - text.trimStart().length).split("\n").length + at + 1,
  };
}

/** The name of an object: that of its file without the extension. Throws UserError if BigQuery does not accept it. */
export function objectName(folder: string, file: string): string {
  const name = file.replace(/\.sql$/, "");
  if (!/^[a-z][a-z0-9_]*$/.test(name))
    throw new UserError(
      `${folder}/${file}: the name must consist of lower-case letters, digits and _, such as my_view.sql`,
    );
  return name;
}

function parseArgument(text: string, file: string): Argument {
  const [name, type] = text.split(" ") as [string, Argument["type"]];
  // BigQuery reads an argument that has the name of a column as the column, and filters nothing.
  if (!name.startsWith("in_")) throw new UserError(`sql/${file}: the argument ${name} must start with in_`);
  if (!argumentTypes.includes(type))
    throw new UserError(`sql/${file}: the argument ${name} must be one of ${argumentTypes.join(", ")}`);
  return { name, type };
}

function reads(object: SqlObject, name: string): boolean {
  let found = false;
  qualify(object.body, (read) => {
    found ||= read === name;
    return undefined;
  });
  return found;
}

/** Texts, comments, and FROM before something other than a table: EXTRACT(HOUR FROM time), IS DISTINCT FROM price. */
const other = /'[^']*'|"[^"]*"|--.*|#.*|\/\*[^]*?\*\/|\b(?:EXTRACT|TRIM)\s*\([^()]*?\bFROM\b|\bDISTINCT\s+FROM\b/
  .source;
/** A word before the name of a table, and the name. */
const named = /\b(FROM|JOIN|INTO|USING|UPDATE|MERGE(?!\s+INTO))(\s+)(?!UNNEST\b|SET\b)`?([a-z_][a-z0-9_]*)`?(?![-.\w])/
  .source;
const parts = new RegExp(`${other}|${named}`, "gi");

/** A body in which the names of what it reads and writes are replaced; a name stays if `nameOf` returns undefined. */
export function qualify(body: string, nameOf: (read: string) => string | undefined): string {
  return body.replace(parts, (text, word?: string, space?: string, name?: string) => {
    const full = name === undefined ? undefined : nameOf(name);
    return full === undefined ? text : `${word}${space}${full}`;
  });
}

/** The objects that need only these tables. `objects` are in their order. */
export function keptObjects(objects: readonly SqlObject[], tables: readonly string[]): SqlObject[] {
  const all = new Set([...catalog.map(({ name }) => name), ...objects.map(({ name }) => name)]);
  const there = new Set(tables);
  return objects.filter((object) => {
    const lacks = [...all].some((name) => !there.has(name) && reads(object, name));
    if (!lacks) there.add(object.name);
    return !lacks;
  });
}
