/** What a change may not do to a table that has rows: BigQuery's columns are appended, and stay as they are. */
import type { TableShape } from "../../schemas/tables.ts";

/** A change that only has to be written down. */
export interface Addition {
  readonly table: string;
  /** The column where the change is seen, if there is one. */
  readonly column?: string | undefined;
  readonly what: string;
}

export interface Change extends Addition {
  /** What becomes of it in the cloud. */
  readonly happens: string;
  readonly cure: string;
}

const beside = "a topic of its own beside it, with _v2 behind its name";
const append = "keep the column as it was, and append what is new at the end under another name";
const order = "ksqlDB refuses to replace what runs where columns have moved, and BigQuery appends only";
const repartitioned = "BigQuery cannot repartition a table: Terraform would delete it and create an empty one";
const faults = {
  gone: { happens: "Terraform would delete it with its data", cure: `keep it, and write the new shape to ${beside}` },
  partitions: { happens: repartitioned, cure: `write ${beside}` },
  dropped: { happens: "Terraform would drop it with its data", cure: "keep it: NULL in new rows if nothing fills it" },
  renamed: { happens: "to BigQuery that is one column dropped with its data, and an empty new one", cure: append },
  retyped: { happens: "BigQuery refuses another type, and the registry another Avro type", cure: append },
  moved: { happens: order, cure: "move it back" },
  inserted: { happens: order, cure: "move it to the end" },
  required: {
    happens: "BigQuery refuses it, because the existing rows have no value",
    cure: "nullable, with default null",
  },
};

/** Changes from the locked shapes that break them. A table that is not locked is new. `gone`: whether a table is no more. */
export function breaks(
  locked: readonly TableShape[],
  shapes: readonly TableShape[],
  gone: (table: string) => boolean = (table) => !shapes.some(({ name }) => name === table),
): Change[] {
  return locked.flatMap((old): Change[] => {
    const table = old.name;
    const now = shapes.find(({ name }) => name === table);
    if (now !== undefined) return [...changes(old, now)].map((change) => ({ table, ...change }));
    return gone(table) ? [{ table, what: "the table is gone", ...faults.gone }] : [];
  });
}

function* changes(old: TableShape, now: TableShape): Generator<Omit<Change, "table">> {
  const was = old.columns.map(({ name }) => name);
  const names = now.columns.map(({ name }) => name);
  if (JSON.stringify(old.partitionBy) !== JSON.stringify(now.partitionBy))
    yield { what: "its partitions change", ...faults.partitions };
  for (const [i, name] of was.entries()) {
    const renamed = names[i] !== undefined && !was.includes(names[i]);
    if (!names.includes(name) && !renamed) yield { what: `the column ${name} is gone`, ...faults.dropped };
  }
  const kept = was.filter((name) => names.includes(name));
  const moved = names.filter((name) => was.includes(name)).find((name, i) => name !== kept[i]);
  if (moved !== undefined) yield { column: moved, what: `the column ${moved} is moved`, ...faults.moved };

  const last = names.findLastIndex((name) => was.includes(name));
  for (const [i, { name: column, type, mode }] of now.columns.entries()) {
    const before = old.columns.find(({ name }) => name === column);
    const former = was[i];
    const of = (what: string, fault: keyof typeof faults) => ({ column, what, ...faults[fault] });
    if (before !== undefined && before.type !== type)
      yield of(`the column ${column} changes from ${before.type} to ${type}`, "retyped");
    else if (before?.mode === "NULLABLE" && mode === "REQUIRED")
      yield of(`the column ${column} turns REQUIRED`, "required");
    if (before !== undefined) continue;
    if (former !== undefined && !names.includes(former))
      yield of(`the column ${former} is renamed to ${column}`, "renamed");
    else if (i < last) yield of(`the new column ${column} stands before old ones`, "inserted");
    else if (mode === "REQUIRED") yield of(`the new column ${column} is REQUIRED`, "required");
  }
}

/** What is new, or said otherwise, and only has to be written down. */
export function additions(locked: readonly TableShape[], shapes: readonly TableShape[]): Addition[] {
  return shapes.flatMap((now): Addition[] => {
    const table = now.name;
    const old = locked.find(({ name }) => name === table);
    if (old === undefined) return [{ table, what: "the table is new" }];
    const fresh = now.columns.filter(({ name }) => !old.columns.some((column) => column.name === name));
    if (fresh.length === 0 && JSON.stringify(old) !== JSON.stringify(now))
      return [{ table, what: "a description or the clustering is another" }];
    return fresh.map(({ name: column }) => ({ table, column, what: `the column ${column} is new` }));
  });
}
