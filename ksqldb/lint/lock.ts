/** What a change may not do to a table that has rows: BigQuery's columns are appended, and stay as they are. */
import type { Column, TableShape } from "../../schemas/tables.ts";

export interface Change {
  readonly table: string;
  /** The column where the change is seen, if there is one. */
  readonly column?: string | undefined;
  readonly what: string;
  /** What becomes of it in the cloud. */
  readonly happens: string;
  readonly cure: string;
}

/** A change that only has to be written down. */
export type Addition = Omit<Change, "happens" | "cure">;

const dropped = "Terraform would drop it with its data, and what reads it fails";
const order = "ksqlDB refuses to replace what runs where columns have moved, and BigQuery appends only";
const empty =
  "BigQuery refuses it, as the rows that are there have none, and the registry as old readers have no default";
const append = "keep the column as it was, and append what is new at the end under another name";

/** Changes from the locked shapes that break them. A table that is not locked is new. `gone`: whether a table is no more. */
export function breaks(
  locked: readonly TableShape[],
  shapes: readonly TableShape[],
  gone: (table: string) => boolean = (table) => !shapes.some(({ name }) => name === table),
): Change[] {
  return locked.flatMap((old): Change[] => {
    const table = old.name;
    const now = shapes.find(({ name }) => name === table);
    if (now !== undefined) return changes(old, now).map((change) => ({ table, ...change }));
    const cure = `keep it, and write the new shape to a topic of its own, ${table}_v2, beside it`;
    return gone(table)
      ? [{ table, what: "the table is gone", happens: "Terraform would delete it with its data", cure }]
      : [];
  });
}

function changes(old: TableShape, now: TableShape): Omit<Change, "table">[] {
  const was = new Map(old.columns.map((column, i) => [column.name, { ...column, i }]));
  const names = now.columns.map(({ name }) => name);
  const kept = old.columns.filter(({ name }) => names.includes(name));
  const present = names.filter((name) => was.has(name));
  const last = Math.max(...kept.map(({ name }) => names.indexOf(name)));
  const moved = present.find((name, i) => kept[i]!.name !== name);
  const lost = old.columns.flatMap(({ name }, i): Omit<Change, "table">[] => {
    if (names.includes(name)) return [];
    const heir = names[i];
    if (heir === undefined || was.has(heir))
      return [
        {
          what: `the column ${name} is gone`,
          happens: dropped,
          cure: "keep it: NULL in new rows, if nothing fills it",
        },
      ];
    const happens = "to BigQuery that is one column dropped with its data, and an empty new one";
    return [{ column: heir, what: `the column ${name} is renamed to ${heir}`, happens, cure: append }];
  });
  const added = now.columns.flatMap(({ name: column, mode }, i) => {
    if (was.has(column) || lost.some((other) => other.column === column)) return [];
    const what = `the new column ${column}`;
    if (i < last)
      return [{ column, what: `${what} stands before old ones`, happens: order, cure: "move it to the end" }];
    return mode === "NULLABLE"
      ? []
      : [{ column, what: `${what} is REQUIRED`, happens: empty, cure: "make it nullable with default null" }];
  });
  const partition = {
    what: "its partitions change",
    happens: "BigQuery can not partition a table anew: Terraform would delete it and make an empty one",
    cure: `write a topic of its own, ${old.name}_v2, beside it`,
  };
  return [
    ...(JSON.stringify(old.partitionBy) === JSON.stringify(now.partitionBy) ? [] : [partition]),
    ...lost,
    ...(moved === undefined
      ? []
      : [{ column: moved, what: `the column ${moved} is moved`, happens: order, cure: "move it back" }]),
    ...added,
    ...now.columns.flatMap((column) => retyped(was.get(column.name), column)),
  ];
}

function retyped(old: Column | undefined, { name: column, type, mode }: Column): Omit<Change, "table">[] {
  if (old === undefined) return [];
  const happens = "BigQuery refuses another type, and the registry another Avro type";
  if (old.type !== type)
    return [{ column, what: `the column ${column} changes from ${old.type} to ${type}`, happens, cure: append }];
  if (old.mode === mode || mode === "NULLABLE") return [];
  return [{ column, what: `the column ${column} turns REQUIRED`, happens: empty, cure: "leave it nullable" }];
}

/** What is new, or said otherwise, and only has to be written down. */
export function additions(locked: readonly TableShape[], shapes: readonly TableShape[]): Addition[] {
  return shapes.flatMap((now): Addition[] => {
    const table = now.name;
    const old = locked.find(({ name }) => name === table);
    if (old === undefined) return [{ table, what: "the table is new" }];
    const fresh = now.columns.filter(({ name }) => !old.columns.some((column) => column.name === name));
    if (fresh.length > 0)
      return fresh.map(({ name: column }) => ({ table, column, what: `the column ${column} is new` }));
    return JSON.stringify(old) === JSON.stringify(now)
      ? []
      : [{ table, what: "a description or the clustering is another" }];
  });
}
