/** The levels of a book: a `snapshot` in parts, an `l2update` in one record. */
import { examineDecimal, hasExponent, numeric, spellOut } from "./decimal.ts";
import { memberText, quoteExponents } from "./extra.ts";

type Change = [side: string, price: string, size: string];

interface Book {
  /** In the order of the frame; for a snapshot bids, then asks. */
  readonly changes: readonly Change[];
  /** The lists of the frame in which a number with an exponent was written out. */
  readonly rewritten: readonly string[];
}

/** Most changes in one record: the snapshot of a busy book is over a megabyte, more than Kafka accepts in one record. */
const partLength = 1000;

/** Every level of the book in a snapshot or an update, given as text too; or what is wrong with the first wrong level. */
export function readBook(text: string, message: Readonly<Record<string, unknown>>): Book | string {
  if (message["type"] !== "snapshot") return readList(text, message, "changes");
  const bids = readList(text, message, "bids", "buy");
  if (typeof bids === "string") return bids;
  const asks = readList(text, message, "asks", "sell");
  if (typeof asks === "string") return asks;
  return { changes: [...bids.changes, ...asks.changes], rewritten: [...bids.rewritten, ...asks.rewritten] };
}

/** A snapshot cut into parts; one part, without changes, for an empty book. */
export function cutIntoParts(changes: readonly Change[]): Change[][] {
  const parts: Change[][] = [];
  for (let at = 0; at === 0 || at < changes.length; at += partLength) parts.push(changes.slice(at, at + partLength));
  return parts;
}

/** Reads one list of a book, whose levels are all of one `side`; without it, each level begins with its own. */
function readList(
  text: string,
  message: Readonly<Record<string, unknown>>,
  name: string,
  side?: string,
): Book | string {
  const list = message[name];
  if (list === undefined || list === null) return `\`${name}\` is missing`;
  if (!Array.isArray(list)) return `\`${name}\` is not a list`;
  const book = readLevels(name, list, side);
  if (typeof book !== "string" || !list.some(hasNumber)) return book;
  // A number may have an exponent, which JSON.parse has removed.
  return readLevels(name, JSON.parse(quoteExponents(memberText(text, name))) as unknown[], side);
}

const hasNumber = (level: unknown) => Array.isArray(level) && level.some((value) => typeof value === "number");

function readLevels(name: string, levels: readonly unknown[], side: string | undefined): Book | string {
  const priceAt = side === undefined ? 1 : 0;
  const changes: Change[] = [];
  let isRewritten = false;
  for (let i = 0; i < levels.length; i++) {
    const level: unknown = levels[i];
    if (!Array.isArray(level) || level.length !== priceAt + 2)
      return `\`${name}\`[${i}] is not ${side === undefined ? "[side, price, size]" : "[price, size]"}`;
    const of: unknown = side ?? level[0];
    if (of !== "buy" && of !== "sell") return `\`${name}\`[${i}]: side is not buy or sell`;
    const [price, size] = [readDecimal(level[priceAt]), readDecimal(level[priceAt + 1])];
    if (price === undefined || size === undefined)
      return `\`${name}\`[${i}]: ${faultOf(level[priceAt], level[priceAt + 1])}`;
    const isSame = price === level[priceAt] && size === level[priceAt + 1];
    isRewritten ||= !isSame;
    changes.push(isSame && side === undefined ? (level as Change) : [of, price, size]);
  }
  return { changes, rewritten: isRewritten ? [name] : [] };
}

/** A value as a decimal without exponent; undefined if it is not a decimal that NUMERIC can hold. */
function readDecimal(value: unknown): string | undefined {
  if (typeof value !== "string") return undefined;
  if (examineDecimal(value) === "ok") return value;
  return hasExponent(value) ? spellOut(value, numeric) : undefined;
}

/** What is wrong with the price or the size of a level. */
function faultOf(price: unknown, size: unknown): string {
  const isPrice = readDecimal(price) === undefined;
  const value = isPrice ? price : size;
  const isDecimal = typeof value === "string" && (hasExponent(value) || examineDecimal(value) !== "mistyped");
  return `${isPrice ? "price" : "size"} ${isDecimal ? "has more digits than NUMERIC holds (29 and 9)" : "is not a decimal"}`;
}
