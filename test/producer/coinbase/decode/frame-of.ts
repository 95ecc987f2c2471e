/** The inverse of decoding, written against the schemas' meaning: records back to the frame that they came from. */
import type { Emitted } from "./read.ts";

type Message = Record<string, unknown>;

const ours = new Set(["time", "received_at", "session", "frame", "part", "changes", "extra"]);

/** The frame of its records: one, or the parts of a snapshot. Null members are left out: null and absent are alike. */
export function frameOf(records: readonly Emitted[]): Message {
  const [{ value }] = records as [Emitted];
  const frame: Message = {};
  for (const [name, member] of Object.entries(value)) if (!ours.has(name) && member !== null) frame[name] = member;
  const timeMember = value["type"] === "activate" ? "timestamp" : "time";
  frame[timeMember] = value["time"];
  if (value["type"] === "l2update") frame["changes"] = value["changes"];
  if (value["type"] === "snapshot") {
    const changes = records.flatMap((record) => record.value["changes"] as [string, string, string][]);
    for (const [name, side] of [
      ["bids", "buy"],
      ["asks", "sell"],
    ] as const) {
      frame[name] = changes.filter(([of]) => of === side).map(([, price, size]) => [price, size]);
    }
  }
  return { ...frame, ...(value["extra"] === null ? {} : (JSON.parse(value["extra"] as string) as Message)) };
}

/** A frame as it is to be compared: without nulls, times as microseconds. */
export function comparable(frame: Message): Message {
  const entries = Object.entries(frame).filter(([, value]) => value !== null);
  return Object.fromEntries(
    entries.map(([name, value]) => [name, name === "time" || name === "timestamp" ? instant(value) : value]),
  );
}

/** Microseconds since 1970 of a time of the wire, by an arithmetic of its own; what is no time stays as it is. */
function instant(value: unknown): unknown {
  if (typeof value !== "string") return value;
  const seconds = /^(\d+)\.(\d{6})$/.exec(value);
  if (seconds !== null) return Number(seconds[1]! + seconds[2]!);
  const iso = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?Z$/.exec(value);
  if (iso === null || value < "1970") return value;
  return Number(`${Date.parse(`${iso[1]}Z`) / 1000}${(iso[2] ?? "").padEnd(6, "0").slice(0, 6)}`);
}
