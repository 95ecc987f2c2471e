/** Statements that are deployed and that the embedded engine does not execute, and what gets no rows without them. */
import type { Statements } from "../ksqldb/statements.ts";
import { catalog } from "../schemas/catalog.ts";
import { keptObjects, readObjects } from "../sql/objects.ts";

/** A line for each statement that is left out. */
export function leftOut({ laptop, plans }: Pick<Statements, "laptop" | "plans">): string[] {
  const objects = readObjects();
  const sunk = catalog.flatMap(({ name, table }) => (table === undefined ? [] : name));
  return laptop
    .filter(({ topic }) => plans.some(({ sink }) => sink.topic === topic))
    .map(({ file, topic, reasons }) => {
      const empty = new Set([topic]);
      const readers = plans.filter(({ source, sink }) => empty.has(source.topic) && empty.add(sink.topic));
      const kept = keptObjects(
        objects,
        sunk.filter((table) => !empty.has(table)),
      );
      const without = [
        ...readers.map((reader) => `the statement ${reader.file}`),
        ...sunk.filter((table) => empty.has(table)).map((table) => `the table ${table}`),
        ...objects.filter((object) => !kept.includes(object)).map(({ kind, name }) => `the ${kind} ${name}`),
      ];
      const why = reasons
        .map((one) => `${one.file === file ? "" : `${one.file}:`}${one.at.line}:${one.at.column}: ${one.reason}`)
        .join("; ");
      return `${file} is left out, because the embedded engine does not execute it (${why}). Without new rows: ${without.join(", ")}`;
    });
}
