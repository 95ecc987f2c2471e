/** The levels of a book: `snapshot` frames in parts, `l2update` frames as they are. */
import { examineDecimal, hasExponent, numeric, spellOut } from "./decimal.ts";
import { memberText, quoteExponents } from "./extra.ts";

type Change = [side: string, price: string, size: string];

interface Book {
  /** In the order of the frame; of a snapshot bids, then asks. */
  readonly changes: readonly Change[];
  /** The lists of the frame in which a number with an exponent was spelt out. */
  readonly rewritten: readonly string[];
}

/** Changes that one record may hold: a snapshot of a busy book is over a megabyte, more than a Kafka message. */
const partLength = 1000;

/** Every level of a snapshot or an update, whose text is given too; or what is wrong with the first wrong one. */
export function readBook(text: string, message: Readonly<Record<string, unknown>>): Book | string {
  if (message["type"] !== "snapshot") return readList(text, message, "changes", readUpdate);
  const bids = readList(text, message, "bids", (list) => readSide("buy", "bids", list));
  if (typeof bids === "string") return bids;
  const asks = readList(text, message, "asks", (list) => readSide("sell", "asks", list));
  if (typeof asks === "string") return asks;
  return { changes: [...bids.changes, ...asks.changes], rewritten: [...bids.rewritten, ...asks.rewritten] };
}

/** A snapshot cut into parts; one part, without changes, for an empty book. */
export function cutIntoParts(changes: readonly Change[]): Change[][] {
  const parts: Change[][] = [];
  for (let at = 0; at === 0 || at < changes.length; at += partLength) parts.push(changes.slice(at, at + partLength));
  return parts;
}

function readList(
  text: string,
  message: Readonly<Record<string, unknown>>,
  name: string,
  read: (list: readonly unknown[]) => Book | string,
): Book | string {
  const list = message[name];
  if (list === undefined || list === null) return `\`${name}\` is missing`;
  if (!Array.isArray(list)) return `\`${name}\` is not a list`;
  const book = read(list);
  if (typeof book !== "string" || !list.some(hasNumber)) return book;
  // A number may have an exponent, which JSON.parse has taken away.
  return read(JSON.parse(quoteExponents(memberText(text, name))) as unknown[]);
}

const hasNumber = (level: unknown) => Array.isArray(level) && level.some((value) => typeof value === "number");

function readSide(side: string, name: string, levels: readonly unknown[]): Book | string {
  const changes: Change[] = [];
  let isRewritten = false;
  for (let i = 0; i < levels.length; i++) {
    const level: unknown = levels[i];
    if (!Array.isArray(level) || level.length !== 2) return `\`${name}\`[${i}] is not [price, size]`;
    const price = readDecimal(level[0]);
    const size = readDecimal(level[1]);
    if (price === undefined || size === undefined) return `\`${name}\`[${i}]: ${faultOf(level[0], level[1])}`;
    isRewritten ||= price !== level[0] || size !== level[1];
    changes.push([side, price, size]);
  }
  return { changes, rewritten: isRewritten ? [name] : [] };
}

function readUpdate(list: readonly unknown[]): Book | string {
  let changes = list as Change[];
  for (let i = 0; i < list.length; i++) {
    const change: unknown = list[i];
    if (!Array.isArray(change) || change.length !== 3) return `\`changes\`[${i}] is not [side, price, size]`;
    if (change[0] !== "buy" && change[0] !== "sell") return `\`changes\`[${i}]: side is not buy or sell`;
    const price = readDecimal(change[1]);
    const size = readDecimal(change[2]);
    if (price === undefined || size === undefined) return `\`changes\`[${i}]: ${faultOf(change[1], change[2])}`;
    if (price === change[1] && size === change[2]) continue;
    if (changes === list) changes = [...changes];
    changes[i] = [change[0], price, size];
  }
  return { changes, rewritten: changes === list ? [] : ["changes"] };
}

/** The decimal that a value is, without an exponent; undefined where it is none that NUMERIC holds. */
function readDecimal(value: unknown): string | undefined {
  if (typeof value !== "string") return undefined;
  if (examineDecimal(value) === "ok") return value;
  return hasExponent(value) ? spellOut(value, numeric) : undefined;
}

/** What is wrong with a level of which something is. */
function faultOf(price: unknown, size: unknown): string {
  const isPrice = readDecimal(price) === undefined;
  const value = isPrice ? price : size;
  const isDecimal = typeof value === "string" && (hasExponent(value) || examineDecimal(value) !== "mistyped");
  return `${isPrice ? "price" : "size"} ${isDecimal ? "has more digits than NUMERIC holds (29 and 9)" : "is not a decimal"}`;
}
