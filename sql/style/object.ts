/** The style of whole objects: each knows the tables and the objects before it. */
import { readTables } from "../../schemas/tables.ts";
import type { SqlObject } from "../objects.ts";
import { checkBounds } from "./bounds.ts";
import { check, type Checked } from "./check.ts";
import { Source } from "./parse.ts";
import type { Columns } from "./scope.ts";

export interface CheckedObject extends Checked {
  readonly object: SqlObject;
  readonly source: Source;
}

/** Throws UserError, with file, line and column, on anything outside the style. */
export function checkObject(object: SqlObject, relations: ReadonlyMap<string, Columns>): CheckedObject {
  const source = new Source(object.file, object.body, object.firstLine);
  const checked = check(source, {
    relations,
    arguments: new Map(object.arguments.map(({ name, type }) => [name, type])),
  });
  const unnamed = checked.columns?.find(({ name }) => name === "");
  if (unnamed !== undefined)
    source.refuse(unnamed.at ?? checked.query.at, "BigQuery wants a name for every column: write AS …");
  if (object.kind === "table function") checkBounds(source, checked.query);
  return { ...checked, object, source };
}

/** Checks all objects, which are in their order; `relations` are the columns of the tables and views. Throws as `checkObject` does. */
export function checkObjects(objects: readonly SqlObject[]): {
  readonly checked: readonly CheckedObject[];
  readonly relations: ReadonlyMap<string, Columns>;
} {
  const relations = new Map<string, Columns>(readTables().map(({ name, columns }) => [name, columns]));
  const checked = objects.map((object) => {
    const one = checkObject(object, relations);
    if (object.kind === "view") relations.set(object.name, one.columns);
    return one;
  });
  return { checked, relations };
}
