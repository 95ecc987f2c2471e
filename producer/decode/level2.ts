/** The levels of a book: `snapshot` frames in parts, `l2update` frames as they are. */
import { examineDecimal } from "./members.ts";

type Change = [side: string, price: string, size: string];

/** Changes that one record may hold: a snapshot of a busy book is over a megabyte, more than a Kafka message. */
const partLength = 1000;

/** Every level's changes in the order bids, asks; or what is wrong with the first wrong one. */
export function snapshotChanges(bids: unknown, asks: unknown): Change[] | string {
  const changes: Change[] = [];
  for (const [side, name, levels] of [["buy", "bids", bids] as const, ["sell", "asks", asks] as const]) {
    if (levels === undefined || levels === null) return `\`${name}\` is missing`;
    if (!Array.isArray(levels)) return `\`${name}\` is not a list`;
    for (let i = 0; i < levels.length; i++) {
      const level: unknown = levels[i];
      if (!Array.isArray(level) || level.length !== 2) return `\`${name}\`[${i}] is not [price, size]`;
      const fault = faultOf(level[0], level[1]);
      if (fault !== undefined) return `\`${name}\`[${i}]: ${fault}`;
      changes.push([side, level[0] as string, level[1] as string]);
    }
  }
  return changes;
}

export function updateChanges(changes: unknown): Change[] | string {
  if (changes === undefined || changes === null) return "`changes` is missing";
  if (!Array.isArray(changes)) return "`changes` is not a list";
  for (let i = 0; i < changes.length; i++) {
    const change: unknown = changes[i];
    if (!Array.isArray(change) || change.length !== 3) return `\`changes\`[${i}] is not [side, price, size]`;
    if (change[0] !== "buy" && change[0] !== "sell") return `\`changes\`[${i}]: side is not buy or sell`;
    const fault = faultOf(change[1], change[2]);
    if (fault !== undefined) return `\`changes\`[${i}]: ${fault}`;
  }
  return changes as Change[];
}

/** A snapshot cut into parts; one part, without changes, for an empty book. */
export function cutIntoParts(changes: readonly Change[]): Change[][] {
  const parts: Change[][] = [];
  for (let at = 0; at === 0 || at < changes.length; at += partLength) parts.push(changes.slice(at, at + partLength));
  return parts;
}

function faultOf(price: unknown, size: unknown): string | undefined {
  for (const [name, value] of [["price", price] as const, ["size", size] as const]) {
    const verdict = typeof value === "string" ? examineDecimal(value) : "mistyped";
    if (verdict === "mistyped") return `${name} is not a decimal`;
    if (verdict === "too precise") return `${name} has more digits than NUMERIC holds (29 and 9)`;
  }
  return undefined;
}
