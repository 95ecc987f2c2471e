/**
 * From a frame of Coinbase Exchange to records: which frames become records, with which time and which `extra`, and which
 * are quarantined. Messages: https://docs.cdp.coinbase.com/exchange/websocket-feed/channels
 *
 * Members are read by name, never by position: their order and the digits of times vary by year and server.
 */
import { isUtf8 } from "node:buffer";
import type { RawTopic } from "../../../schemas/catalog.ts";
import { readSchema } from "../../../schemas/avro.ts";
import type { Counters } from "../../counters.ts";
import type { Frame, Session } from "../../source.ts";
import { memberText, pickMembers } from "./extra.ts";
import { LatestTime } from "../../latest-time.ts";
import { cutIntoParts, readBook } from "./level2.ts";
import { examine, fault, kinds, mostAhead, readExponent, wireMembers, type Kind } from "./members.ts";
import { frameWithoutOwn, isChosen, isOwn, mayHaveOwn, withoutOwn } from "./own.ts";
import { quarantineRecord } from "./quarantine.ts";
import { lastTime, parseSeconds, parseTime } from "../../time.ts";

/** Takes a record of the frame that is being decoded: `timestamp` in milliseconds since 1970, `value` shaped as the topic's schema. */
export type Emit = (topic: RawTopic, key: string | null, timestamp: number, value: object) => void;

/** Frames about the connection, not the market. */
const controlTypes = new Set(["subscriptions", "heartbeat", "error", "status"]);

/** Kafka rejects longer records by default. A snapshot is cut into several, each with its `extra`. */
const longestRecord = 900_000;

type Message = Record<string, unknown>;

/** The times of a frame's records. */
interface Times {
  readonly time: number;
  readonly receivedAt: number;
  /** Set if `time` is the receive time instead: the member whose original text goes into `extra`. */
  readonly untimed: string | undefined;
}

/** Whether the members of the account's own orders are dropped or kept. */
export type OwnFields = "drop" | "keep";

/**
 * A decoder for one session; `control` takes the messages about the connection. It remembers the exchange's latest time as
 * the receive time of frames without a stamp.
 */
export function decoder(
  session: Session,
  counters: Counters,
  emit: Emit,
  control: (message: Message) => void = () => {},
  ownFields: OwnFields = "drop",
): (frame: Frame) => void {
  const dropsOwn = ownFields === "drop";
  const shapes = {
    coinbase_full: shapeOf("coinbase_full", dropsOwn),
    coinbase_ticker: shapeOf("coinbase_ticker", dropsOwn),
    coinbase_level2: shapeOf("coinbase_level2", dropsOwn),
  };
  /** Whether the current frame has members in `extra`. */
  let hasExtra = false;
  /** How many members of the account's own orders were left out of the current frame. */
  let own = 0;
  const latest = new LatestTime(session.startsAt);

  return function decode(frame) {
    counters.frames++;
    counters.bytes += frame.bytes.length;
    hasExtra = false;
    own = 0;
    const text = isUtf8(frame.bytes) ? frame.bytes.toString() : undefined;
    const message = text === undefined ? undefined : parseObject(text);
    const exchangeTime = message === undefined ? undefined : timeOf(message);
    const isStorable = exchangeTime !== undefined && exchangeTime >= 0 && exchangeTime <= lastTime;
    const latestTime = latest.after(isStorable ? exchangeTime : undefined);
    const receivedAt = frame.receivedAt ?? latestTime;

    if (text === undefined) return quarantine(frame, receivedAt, undefined, "not valid UTF-8");
    if (message === undefined) return quarantine(frame, receivedAt, undefined, "not a JSON object");
    const type = message["type"];
    if (typeof type !== "string" || type === "")
      return quarantine(frame, receivedAt, message, fault(message, "type", "text"));
    if (controlTypes.has(type)) {
      counters.control[type] = (counters.control[type] ?? 0) + 1;
      control(message);
      return;
    }
    const kind = kinds.get(type);
    if (kind === undefined)
      return quarantine(frame, receivedAt, message, `unknown type "${type.slice(0, 100).toWellFormed()}"`);
    if (type !== "snapshot" && frame.bytes.length > longestRecord)
      return quarantine(frame, receivedAt, message, `longer than a record may be (${frame.bytes.length} bytes)`);
    const times = settle(message, kind, exchangeTime, receivedAt);
    if (typeof times === "string") return quarantine(frame, receivedAt, message, times);
    const reason =
      kind.topic === "coinbase_level2" ? level2(frame, text, message, kind, times) : flat(text, message, kind, times);
    if (reason !== undefined) return quarantine(frame, receivedAt, message, reason);
    counters.events++;
    if (hasExtra) counters.extra++;
    counters.own += own;
    if (session.live) counters.behind = times.receivedAt - times.time;
    if (times.untimed !== undefined) counters.untimed++;
  };

  /** The times of a frame (docs/data.md), or why it has none. */
  function settle(message: Message, kind: Kind, exchangeTime: number | undefined, receivedAt: number): Times | string {
    const { member, required } = kind.time;
    if (required && exchangeTime === undefined) return fault(message, member, "time");
    const last = session.live ? receivedAt + mostAhead : lastTime;
    const usable = exchangeTime !== undefined && exchangeTime >= 0 && exchangeTime <= last;
    return usable
      ? { time: exchangeTime, receivedAt, untimed: undefined }
      : { time: receivedAt, receivedAt, untimed: member };
  }

  /** Emits an event of the full channel or a ticker; returns the reason if it cannot. */
  function flat(text: string, message: Message, kind: Kind, times: Times): string | undefined {
    const record = readMembers(text, message, kind, times);
    if (typeof record === "string") return record;
    send(kind.topic, record["product_id"] as string, times.time, record);
    return undefined;
  }

  /** Emits a book's snapshot or update; returns the reason if it cannot. */
  function level2(frame: Frame, text: string, message: Message, kind: Kind, times: Times): string | undefined {
    const snapshot = message["type"] === "snapshot";
    const book = readBook(text, message);
    if (typeof book === "string") return book;
    const { changes, rewritten } = book;
    const record = readMembers(text, message, kind, times);
    if (typeof record === "string") return record;
    const whole = { ...record, session: session.id, frame: frame.number };
    // Every part has all members except the levels; the first part also has rewritten lists as they came.
    const first = rewritten.length === 0 ? whole : { ...whole, extra: withMore(record["extra"], text, rewritten) };
    if (snapshot && Buffer.byteLength(JSON.stringify(first)) > longestRecord)
      return "what it has besides its levels is longer than a record may be";
    if (!snapshot && first !== whole && Buffer.byteLength(JSON.stringify({ ...first, changes })) > longestRecord)
      return "longer than a record may be, with its changes both as they were written and without exponents";
    const product = record["product_id"] as string;
    if (!snapshot) send(kind.topic, product, times.time, { ...first, changes });
    else
      cutIntoParts(changes).forEach((part, i) =>
        send(kind.topic, product, times.time, { ...(i === 0 ? first : whole), part: i, changes: part }),
      );
    return undefined;
  }

  /** A record with every member that has a field, and the others in `extra`; or what is wrong. */
  function readMembers(text: string, message: Message, kind: Kind, times: Times): Message | string {
    const { members, blank } = shapes[kind.topic];
    const record: Message = { ...blank, time: times.time, received_at: times.receivedAt };
    let extra: string[] | undefined;
    for (const name in message) {
      if (kind.apart.includes(name)) continue;
      const value = message[name];
      const form = members.get(name);
      if (form === undefined) {
        if (dropsOwn && isOwn(name)) own++;
        else (extra ??= []).push(name);
      } else if (value !== null) {
        const verdict = examine(value, form);
        if (verdict === "ok") record[name] = value;
        else {
          const decimal = verdict === "too precise" ? verdict : readExponent(value, form, () => memberText(text, name));
          if (decimal === "too precise") return `\`${name}\` has more digits than NUMERIC holds (29 and 9)`;
          if (decimal !== undefined) record[name] = decimal;
          (extra ??= []).push(name);
        }
      }
    }
    for (const name of ["product_id", ...kind.required]) {
      if (record[name] === null || record[name] === "") return fault(message, name, members.get(name)!);
    }
    record["extra"] = extraOf(text, extra, times);
    if (own > 0 && typeof record["client_oid"] === "string") {
      record["client_oid"] = null;
      own++;
    }
    return record;
  }

  /** Adds the lists of a book, as they were written, to `extra`. */
  function withMore(extra: unknown, text: string, lists: readonly string[]): string {
    hasExtra = true;
    const more = pickMembers(text, lists);
    return typeof extra === "string" ? `${extra.slice(0, -1)},${more.slice(1)}` : more;
  }

  function extraOf(text: string, names: string[] | undefined, times: Times): string | null {
    const others = own === 0 ? names : names?.filter((name) => !isChosen(name));
    own += (names?.length ?? 0) - (others?.length ?? 0);
    if (others !== undefined && others.length > 0) hasExtra = true;
    else if (times.untimed === undefined) return null;
    const picked = pickMembers(text, times.untimed === undefined ? others! : [...(others ?? []), times.untimed]);
    if (!dropsOwn || !mayHaveOwn(picked)) return picked;
    // A member may have own members inside.
    const kept = withoutOwn(picked, true);
    own += kept.dropped;
    return kept.text;
  }

  function quarantine(frame: Frame, receivedAt: number, message: Message | undefined, reason: string): void {
    const readable = { product_id: readableText(message?.["product_id"]), type: readableText(message?.["type"]) };
    const at = { session: session.id, frame: frame.number, time: receivedAt };
    const { bytes, dropped } = dropsOwn
      ? frameWithoutOwn(frame.bytes, message !== undefined)
      : { ...frame, dropped: 0 };
    const record = quarantineRecord(bytes, reason, readable, at);
    counters.own += dropped;
    counters.quarantined++;
    send("feed_quarantine", record.product_id, record.time, record);
  }

  function send(topic: RawTopic, key: string | null, time: number, value: object): void {
    emit(topic, key, Math.floor(time / 1000), value);
  }
}

/** The exchange's time in a message of any type, in microseconds; undefined if it has none that can be read. */
export function timeOf(message: Message): number | undefined {
  if (message["type"] === "activate") {
    const seconds = message["timestamp"];
    return typeof seconds === "string" ? parseSeconds(seconds) : undefined;
  }
  const time = message["time"];
  return typeof time === "string" ? parseTime(time) : undefined;
}

/** The object that a JSON text holds, or undefined. */
export function parseObject(text: string): Message | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Message) : undefined;
  } catch {
    return undefined;
  }
}

/** A topic's members, and a blank record: all records start as a copy of it, so that they share one hidden class. */
function shapeOf(topic: Kind["topic"], dropsOwn: boolean) {
  const schema = readSchema(topic);
  return {
    members: wireMembers(schema, dropsOwn),
    blank: Object.fromEntries(schema.fields.map((field) => [field.name, null])),
  };
}

function readableText(value: unknown): string | null {
  return typeof value === "string" && value !== "" && value.isWellFormed() ? value.slice(0, 256).toWellFormed() : null;
}
