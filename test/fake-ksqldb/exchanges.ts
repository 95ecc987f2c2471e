/** Exchanges with a real ksqlDB, as they were recorded. */
import { readFileSync } from "node:fs";
import { join } from "node:path";

/** A request, and what the server answered: without a content type it is null. */
export interface Exchange {
  readonly method: string;
  readonly path: string;
  readonly request: "" | { readonly ksql: string; readonly streamsProperties: Readonly<Record<string, string>> };
  readonly status: number;
  readonly contentType: string | null;
  readonly response: unknown;
}

export function readLines<T>(oracle: string, name: string): T[] {
  const lines = readFileSync(join(oracle, "server", name), "utf8")
    .trimEnd()
    .split("\n");
  return lines.map((line) => JSON.parse(line) as T);
}

export const readExchanges = (oracle: string) => readLines<Exchange>(oracle, "exchanges.ndjson");

export const ksqlOf = ({ request }: Exchange) => (request === "" ? "" : request.ksql);

/** The statement that first made a name, as it was sent and accepted. */
export function createdBy(exchanges: readonly Exchange[], name: string): string {
  const created = new RegExp(`^CREATE (STREAM|TABLE) ${name}\\b`);
  return ksqlOf(exchanges.find((one) => one.status === 200 && created.test(ksqlOf(one)))!);
}
