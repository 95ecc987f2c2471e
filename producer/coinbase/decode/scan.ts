/**
 * The fast path from a frame to Avro bytes, for the ordinary events of the full channel: one pass over the bytes finds the
 * members, a second writes the fields, without a string or an object in between. Everything else (an unknown member, an
 * escape, a non-ASCII letter, an unusual number or time, white space) is left to decode.ts, the reference, which gives the
 * same bytes for every frame that is read here.
 */
import type { AvroRecord } from "../../../schemas/avro.ts";
import { unwrap } from "../../../schemas/avro.ts";
import { writeLong, writePiece } from "../../../topics/avro-bytes.ts";
import { headerLength } from "../../../topics/wire.ts";
import { kinds, mostAhead, wireMembers } from "./members.ts";
import {
  close,
  colon,
  comma,
  endOfDecimal,
  endOfInteger,
  endOfText,
  isAt,
  isSide,
  n,
  Names,
  open,
  point,
  quote,
  Z,
  zero,
} from "./bytes.ts";
import { parseTime } from "../../time.ts";

/** Longer than any ordinary frame. An encoded value may be longer than its frame by a few bytes for each field. */
const longestFrame = 4096;

/** The forms of members, and where a field that is not a member gets its value. */
const codes = { text: 0, time: 0, integer: 1, decimal: 2, amount: 2, side: 3 } as const;
const [integer, decimal, side] = [1, 2, 3];
const [ofTime, ofReceipt, ofNothing] = [-1, -2, -3];

/** A power of two greater than the number of members. */
const slots = 256;

interface EventType {
  readonly name: string;
  readonly bytes: Buffer;
  readonly required: readonly number[];
}

export class EventScanner {
  /** The event that was read last. */
  type = "";
  product = "";
  sequence = 0;
  trade: number | null = null;
  /** Microseconds since 1970. */
  time = 0;
  /** The record's value in the wire format; valid until the next `read`. */
  value: Buffer;
  /** For each member: its name, its form, the number of the frame that had it last (negative: as null), and where its value was. */
  readonly #names: readonly Buffer[];
  readonly #forms: Uint8Array;
  readonly #seen: Float64Array;
  readonly #starts: Int32Array;
  readonly #ends: Int32Array;
  /** Members by a hash without collisions between their names; -1: none. */
  readonly #table = new Int16Array(slots).fill(-1);
  readonly #factor: number;
  /** For each field: its member or other source, and whether it may be null. */
  readonly #sources: Int16Array;
  readonly #nullable: Uint8Array;
  readonly #types: readonly EventType[];
  readonly #type: number;
  readonly #product: number;
  readonly #sequence: number;
  readonly #trade: number;
  readonly #time: number;
  readonly #buffer = Buffer.alloc(longestFrame * 2);
  readonly #products = new Names();
  #frames = 0;
  /** The second that was read last, as text and in microseconds. */
  readonly #second = Buffer.alloc(19);
  #secondMicros = 0;

  /**
   * A scanner for `coinbase_full` with its schema and the id that values carry. With `dropsOwn`, frames with members of the
   * account's own orders are left to the reference.
   */
  constructor(schema: AvroRecord, schemaId: number, dropsOwn = true) {
    const members = [...wireMembers(schema, dropsOwn), ["time", "time"] as const];
    const member = (name: string) => members.findIndex(([known]) => known === name);
    this.#names = members.map(([name]) => Buffer.from(name));
    this.#forms = Uint8Array.from(members, ([, form]) => codes[form]);
    this.#seen = new Float64Array(members.length);
    this.#starts = new Int32Array(members.length);
    this.#ends = new Int32Array(members.length);
    this.#factor = distinguish(this.#names);
    for (const [i, name] of this.#names.entries()) this.#table[hash(name, 0, name.length, this.#factor)] = i;
    this.#sources = Int16Array.from(schema.fields, ({ name }) => {
      if (name === "time") return ofTime;
      if (name === "received_at") return ofReceipt;
      const at = member(name);
      return at === -1 ? ofNothing : at;
    });
    this.#nullable = Uint8Array.from(schema.fields, ({ type }) => Number(unwrap(type).nullable));
    this.#types = [...kinds]
      .filter(([, { topic, time }]) => topic === "coinbase_full" && time.member === "time")
      .map(([name, { required }]) => ({
        name,
        bytes: Buffer.from(name),
        required: ["type", "product_id", "time", ...required].map(member),
      }));
    this.#type = member("type");
    this.#product = member("product_id");
    this.#sequence = member("sequence");
    this.#trade = member("trade_id");
    this.#time = member("time");
    this.#buffer.writeInt32BE(schemaId, 1);
    this.value = this.#buffer;
  }

  /** Reads a live event into the fields above; false if it is not an ordinary one. Times are microseconds since 1970. */
  read(frame: Buffer, receivedAt: number): boolean {
    this.#frames++;
    if (frame.length > longestFrame || !this.#find(frame)) return false;
    const event = this.#typeOf(frame);
    if (event === undefined) return false;
    for (const member of event.required)
      if (!this.#has(member) || this.#starts[member] === this.#ends[member]) return false;
    this.time = this.#timeOf(frame, this.#starts[this.#time]!, this.#ends[this.#time]!);
    // Also false for NaN, an invalid time.
    if (!(this.time >= 0 && this.time <= receivedAt + mostAhead)) return false;
    this.type = event.name;
    this.product = this.#products.of(frame, this.#starts[this.#product]!, this.#ends[this.#product]!);
    this.sequence = this.#integer(frame, this.#sequence);
    this.trade = this.#has(this.#trade) ? this.#integer(frame, this.#trade) : null;
    this.value = this.#buffer.subarray(0, this.#write(frame, receivedAt));
    return true;
  }

  /** Finds the members of a frame and checks their values; false at anything that is not ordinary. */
  #find(frame: Buffer): boolean {
    // Locals, because this is the hottest loop of the producer.
    const [names, forms, seen, starts, ends, table] = [
      this.#names,
      this.#forms,
      this.#seen,
      this.#starts,
      this.#ends,
      this.#table,
    ];
    const factor = this.#factor;
    const present = this.#frames;
    const last = frame.length - 1;
    if (frame[0] !== open || frame[last] !== close) return false;
    let at = 1;
    for (;;) {
      if (frame[at] !== quote) return false;
      const nameAt = ++at;
      while (at < last && frame[at] !== quote) at++;
      const member = table[hash(frame, nameAt, at, factor)]!;
      if (member === -1 || !isAt(names[member]!, frame, nameAt, at)) return false;
      // A member that occurs twice is left to the reference.
      if (seen[member] === present || seen[member] === -present) return false;
      if (frame[at + 1] !== colon) return false;
      at += 2;
      const form = forms[member]!;
      const first = frame[at];
      let end: number;
      if (first === quote) {
        if (form === integer) return false;
        end = form === decimal ? endOfDecimal(frame, at + 1) : endOfText(frame, at + 1);
        if (end === -1 || (form === side && !isSide(frame, at + 1, end))) return false;
        starts[member] = at + 1;
        ends[member] = end++;
        seen[member] = present;
      } else if (first === n) {
        if (frame.toString("latin1", at, at + 4) !== "null") return false;
        end = at + 4;
        seen[member] = -present;
      } else {
        if (form !== integer) return false;
        end = endOfInteger(frame, at);
        if (end === -1) return false;
        starts[member] = at;
        ends[member] = end;
        seen[member] = present;
      }
      if (end === last) return true;
      if (frame[end] !== comma) return false;
      at = end + 1;
    }
  }

  /** Whether the frame has a member that is not null. */
  #has(member: number): boolean {
    return this.#seen[member] === this.#frames;
  }

  #typeOf(frame: Buffer): EventType | undefined {
    if (!this.#has(this.#type)) return undefined;
    const start = this.#starts[this.#type]!;
    const end = this.#ends[this.#type]!;
    for (const type of this.#types) if (isAt(type.bytes, frame, start, end)) return type;
    return undefined;
  }

  /** Microseconds since 1970; NaN if the text is not a time. */
  #timeOf(frame: Buffer, start: number, end: number): number {
    const length = end - start;
    if (length < 20 || length > 30 || frame[end - 1] !== Z) return NaN;
    if (!isAt(this.#second, frame, start, start + 19)) {
      const micros = parseTime(`${frame.toString("latin1", start, start + 19)}Z`);
      if (micros === undefined) return NaN;
      frame.copy(this.#second, 0, start, start + 19);
      this.#secondMicros = micros;
    }
    if (length === 20) return this.#secondMicros;
    if (frame[start + 19] !== point || length === 21) return NaN;
    let fraction = 0;
    let weight = 100_000;
    for (let at = start + 20; at < end - 1; at++) {
      const digit = frame[at]! - zero;
      if (digit < 0 || digit > 9) return NaN;
      // Digits beyond microseconds are cut off.
      if (weight >= 1) fraction += digit * weight;
      weight /= 10;
    }
    return this.#secondMicros + fraction;
  }

  #integer(frame: Buffer, member: number): number {
    let value = 0;
    for (let at = this.#starts[member]!; at < this.#ends[member]!; at++) value = value * 10 + frame[at]! - zero;
    return value;
  }

  /** Writes the Avro body after the header; returns where it ends. */
  #write(frame: Buffer, receivedAt: number): number {
    const to = this.#buffer;
    const [sources, nullable, forms] = [this.#sources, this.#nullable, this.#forms];
    const [seen, starts, ends, present] = [this.#seen, this.#starts, this.#ends, this.#frames];
    let at = headerLength;
    for (let field = 0; field < sources.length; field++) {
      const member = sources[field]!;
      if (member === ofTime) at = writeLong(to, at, this.time);
      else if (member === ofReceipt) at = writeLong(to, at, receivedAt);
      else if (member === ofNothing || seen[member] !== present) to[at++] = 0;
      else {
        // The second branch of ["null", type], zigzag.
        if (nullable[field] === 1) to[at++] = 2;
        if (forms[member] === integer) at = writeLong(to, at, this.#integer(frame, member));
        else at = writePiece(to, at, frame, starts[member]!, ends[member]!);
      }
    }
    return at;
  }
}

function hash(bytes: Buffer, start: number, end: number, factor: number): number {
  const middle = bytes[start + ((end - start) >> 1)]!;
  return ((end - start) * 31 + bytes[start]! * factor + bytes[end - 1]! * 7 + middle * 13) & (slots - 1);
}

/** A factor for which the hashes of all names differ. */
function distinguish(names: readonly Buffer[]): number {
  for (let factor = 1; factor < 100_000; factor++) {
    const used = new Set(names.map((name) => hash(name, 0, name.length, factor)));
    if (used.size === names.length) return factor;
  }
  throw new Error("no hash without collisions found for the members of a frame");
}
