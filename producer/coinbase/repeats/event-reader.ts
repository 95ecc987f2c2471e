/**
 * Reads of an encoded event what tells whether it came before: its numbers, and a hash of its content. It reads the bytes of
 * the wire format, so that what is being sent and what is stored are compared alike, whatever schema they were written with.
 */
import type { AvroRecord } from "../../../schemas/avro.ts";
import { unwrap } from "../../../schemas/avro.ts";
import { readSafeLong, type Cursor } from "../../../topics/avro-bytes.ts";
import { headerLength } from "../../../topics/wire.ts";
import { Names } from "../decode/bytes.ts";

/** Of a field: what it is read for. */
const roles = ["type", "product_id", "sequence", "time", "received_at", "trade_id", "extra"] as const;
const [ofType, ofProduct, ofSequence, ofTime, ofReceipt, ofTrade, ofExtra] = [0, 1, 2, 3, 4, 5, 6];

export class EventReader {
  /** Of the event that was read last; a number that it does not have is -1. */
  type = "";
  product = "";
  sequence = -1;
  trade = -1;
  /**
   * A hash of 32 bits of all but its sequence, the receive time, and a time that is the receive time: two recordings of one
   * event have the same. A field that was appended to the schema and is null changes nothing.
   */
  content = 0;
  readonly #roles: Int8Array;
  readonly #nullable: Uint8Array;
  readonly #isText: Uint8Array;
  readonly #names = new Names();
  /** Where each field begins; behind the last one, where it ends. */
  readonly #starts: Int32Array;
  readonly #input: Cursor = { bytes: Buffer.alloc(0), at: 0 };

  /** A reader of values of one schema, whose fields are texts and integers, some of them nullable. */
  constructor(schema: AvroRecord) {
    const { fields } = schema;
    this.#roles = Int8Array.from(fields, ({ name }) => (roles as readonly string[]).indexOf(name));
    this.#nullable = Uint8Array.from(fields, ({ type }) => Number(unwrap(type).nullable));
    this.#isText = Uint8Array.from(fields, ({ type }) => Number(unwrap(type).type === "string"));
    this.#starts = new Int32Array(fields.length + 1);
  }

  /** Reads a value of the schema into the fields above. */
  read(value: Buffer): void {
    const [all, nullable, isText, starts] = [this.#roles, this.#nullable, this.#isText, this.#starts];
    this.sequence = -1;
    this.trade = -1;
    let hasExtra = false;
    const input = this.#input;
    input.bytes = value;
    input.at = headerLength;
    for (let field = 0; field < all.length; field++) {
      starts[field] = input.at;
      if (nullable[field] === 1 && value[input.at++] === 0) continue;
      const number = readSafeLong(input);
      const role = all[field];
      if (isText[field] === 1) {
        const { at } = input;
        input.at += number;
        if (role === ofType) this.type = this.#names.of(value, at, input.at);
        else if (role === ofProduct) this.product = this.#names.of(value, at, input.at);
        else if (role === ofExtra) hasExtra = true;
      } else if (role === ofSequence) this.sequence = number;
      else if (role === ofTrade) this.trade = number;
    }
    starts[all.length] = input.at;
    if (input.at !== value.length)
      throw new Error(`an event of ${value.length} bytes ends at ${input.at} by its schema`);
    this.#hash(value, hasExtra && this.#isUntimed(value));
  }

  #hash(value: Buffer, untimed: boolean): void {
    const [all, starts] = [this.#roles, this.#starts];
    let end = starts[all.length]!;
    while (end > headerLength && value[end - 1] === 0) end--;
    let hash = 0x811c9dc5;
    for (let field = 0; field < all.length; field++) {
      const role = all[field];
      if (role === ofSequence || role === ofReceipt || (role === ofTime && untimed)) continue;
      const stop = Math.min(starts[field + 1]!, end);
      // FNV-1a: texts that differ in one letter never have the same hash.
      for (let at = starts[field]!; at < stop; at++) hash = Math.imul(hash ^ value[at]!, 0x01000193);
    }
    this.content = hash >>> 0;
  }

  /** Whether the exchange gave no usable time: then its text is in `extra`. */
  #isUntimed(value: Buffer): boolean {
    const field = this.#roles.indexOf(ofExtra);
    const input = this.#input;
    input.at = this.#starts[field]! + 1;
    const length = readSafeLong(input);
    const extra = JSON.parse(value.toString("utf8", input.at, input.at + length)) as object;
    return Object.hasOwn(extra, this.type === "activate" ? "timestamp" : "time");
  }
}
