/** The schema ids of a log, kept beside it: what the Schema Registry is to Kafka. */
import { UnknownSchema, type Schemas } from "../port.ts";
import { objects, parseJson, type Json } from "../../program/json.ts";
import { readState, writeState } from "../../program/state-file.ts";

interface Entry {
  readonly id: number;
  readonly subject: string;
  readonly schema: string;
}

/** The fix for a broken or missing file: the records of the log refer to its ids. */
export const schemasCure =
  "Restore a copy of it: the log cannot be read without it. Without a copy, npm run sql still answers from the tables; " +
  "new data need another data directory (--data).";

export class SchemaStore implements Schemas {
  readonly #path: string;
  readonly #entries: Entry[];

  /** Throws UserError, with the fix, if the file is broken. */
  constructor(path: string) {
    this.#path = path;
    this.#entries = readState(path, isEntries, schemasCure) ?? [];
  }

  /** The id of a schema under a subject; a new one gets the next id. `schema` is compared by its JSON text. */
  idOf(subject: string, schema: object): number {
    const text = JSON.stringify(schema);
    const known = this.#entries.find((entry) => entry.subject === subject && entry.schema === text);
    if (known !== undefined) return known.id;
    const entry = { id: this.#entries.length + 1, subject, schema: text };
    this.#entries.push(entry);
    // Before any record has the id: a crash cannot lose it.
    writeState(this.#path, this.#entries);
    return entry.id;
  }

  /** The schema that an id stands for. Throws UnknownSchema if the store never gave it. */
  byId(id: number): object {
    const entry = this.#entries.find((candidate) => candidate.id === id);
    if (entry === undefined) throw new UnknownSchema(`schema id ${id} is not in ${this.#path}`);
    return JSON.parse(entry.schema) as object;
  }
}

function isEntries(value: unknown): value is Entry[] {
  const isEntry = ({ id, subject, schema }: Json, i: number) =>
    id === i + 1 && typeof subject === "string" && typeof schema === "string" && parseJson(schema) !== undefined;
  return Array.isArray(value) && objects(value).length === value.length && objects(value).every(isEntry);
}
