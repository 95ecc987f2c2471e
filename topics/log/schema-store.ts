/** The schema ids of a log, kept beside it: what the Schema Registry is to Kafka. */
import { UnknownSchema, type Schemas } from "../port.ts";
import { readState, writeState } from "../../program/state-file.ts";

interface Entry {
  readonly id: number;
  readonly subject: string;
  readonly schema: string;
}

/** What helps where the file is broken or missing: the records of the log name its ids. */
export const schemasCure =
  "Put a copy of it back: without it nobody can read the log. Where there is none, npm run sql still answers from the tables; " +
  "what comes next needs another data directory (--data).";

export class SchemaStore implements Schemas {
  readonly #path: string;
  readonly #entries: Entry[];

  /** Throws UserError, with the cure, where the file is broken. */
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
    // No record bears an id that a crash could take from the file.
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
  return (
    Array.isArray(value) &&
    (value as (Partial<Entry> | null)[]).every(
      (entry, i) => entry?.id === i + 1 && typeof entry.subject === "string" && isJson(entry.schema),
    )
  );
}

function isJson(text: unknown): boolean {
  try {
    return typeof text === "string" && typeof JSON.parse(text) === "object";
  } catch {
    return false;
  }
}
