/** The Avro schemas of the raw topics: `<topic>.avsc` beside this file is the only place where their fields are typed. */
import { readJsonFile } from "../program/json.ts";
import type { RawTopic } from "./catalog.ts";

export type AvroType =
  | string
  | { readonly type: "array"; readonly items: AvroType }
  | { readonly type: string; readonly logicalType: string };

export interface AvroField {
  readonly name: string;
  readonly type: AvroType | readonly ["null", AvroType];
  readonly default?: null;
  readonly doc?: string;
  /**
   * What the text of a field must look like on the wire. `decimal`: a price or size that NUMERIC holds exactly;
   * `amount`: any number of digits; `side`: buy or sell.
   */
  readonly format?: "decimal" | "amount" | "side";
}

export interface AvroRecord {
  readonly type: "record";
  readonly name: string;
  readonly namespace: string;
  readonly doc?: string;
  readonly fields: readonly AvroField[];
}

export function readSchema(topic: RawTopic): AvroRecord {
  return readJsonFile(new URL(`${topic}.avsc`, import.meta.url)) as AvroRecord;
}

/** The type of a field without its null, and whether null is allowed. */
export function unwrap(type: AvroField["type"]): { type: AvroType; nullable: boolean } {
  return Array.isArray(type)
    ? { type: type[1] as AvroType, nullable: true }
    : { type: type as AvroType, nullable: false };
}
