/** The schema ids of a log, kept beside it: what the Schema Registry is to Kafka. */
import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { UnknownSchema } from "../../schemas/wire.ts";

interface Entry {
  readonly id: number;
  readonly subject: string;
  readonly schema: string;
}

export class SchemaStore {
  readonly #path: string;
  readonly #entries: Entry[];

  constructor(path: string) {
    this.#path = path;
    this.#entries = existsSync(path) ? (JSON.parse(readFileSync(path, "utf8")) as Entry[]) : [];
  }

  /** The id of a schema under a subject; a new one gets the next id. `schema` is compared by its JSON text. */
  register(subject: string, schema: object): number {
    const text = JSON.stringify(schema);
    const known = this.#entries.find((entry) => entry.subject === subject && entry.schema === text);
    if (known !== undefined) return known.id;
    const entry = { id: this.#entries.length + 1, subject, schema: text };
    this.#entries.push(entry);
    // Renamed into place: a crash leaves the old file or the new one, and no record bears an id that is in neither.
    writeFileSync(`${this.#path}.new`, `${JSON.stringify(this.#entries, null, 1)}\n`);
    renameSync(`${this.#path}.new`, this.#path);
    return entry.id;
  }

  /** The schema that an id stands for. Throws UnknownSchema if the store never gave it. */
  byId(id: number): object {
    const entry = this.#entries.find((candidate) => candidate.id === id);
    if (entry === undefined) throw new UnknownSchema(`schema id ${id} is not in ${this.#path}`);
    return JSON.parse(entry.schema) as object;
  }
}
