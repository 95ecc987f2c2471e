/** The style of whole objects: each knows the tables and the objects before it. */
import { readTables } from "../../schemas/tables.ts";
import type { SqlObject } from "../objects.ts";
import { checkBounds } from "./bounds.ts";
import { check, type Checked } from "./check.ts";
import type { Columns } from "./scope.ts";
import { Source } from "./source.ts";
import type { Type } from "./types.ts";

export interface CheckedObject extends Checked {
  readonly source: Source;
}

/** Throws UserError, with file, line and column, on anything outside the style. */
export function checkObject(object: SqlObject, relations: ReadonlyMap<string, Columns>): CheckedObject {
  const source = new Source(object.file, object.body, object.firstLine);
  const given = new Map<string, Type>(object.arguments.map(({ name, type }) => [name, type]));
  const checked = check(source, { relations, arguments: given });
  const unnamed = checked.columns?.find(({ name }) => name === "");
  if (unnamed !== undefined)
    source.refuse(unnamed.at ?? checked.query.at, "BigQuery wants a name for every column: write AS …");
  if (object.kind === "table function") checkBounds(source, checked.query);
  return { ...checked, source };
}

/** The columns of the tables and of the views among objects, which are in their order. Throws as `checkObject` does. */
export function relationsOf(objects: readonly SqlObject[]): Map<string, Columns> {
  const relations = new Map<string, Columns>(readTables().map(({ name, columns }) => [name, columns]));
  for (const object of objects) {
    const { columns } = checkObject(object, relations);
    if (object.kind === "view") relations.set(object.name, columns);
  }
  return relations;
}
