/**
 * The members that mark an account's own orders, which the full channel has with keys
 * (https://docs.cdp.coinbase.com/exchange/websocket-feed/channels#full-channel). Decoding leaves them out by name; here they are
 * cut out of text: of `extra`, and of quarantined frames.
 */
import { isUtf8 } from "node:buffer";
import { endOfString } from "./extra.ts";

const own: ReadonlySet<string> = new Set([
  "user_id",
  "profile_id",
  "maker_user_id",
  "maker_profile_id",
  "maker_fee_rate",
  "taker_user_id",
  "taker_profile_id",
  "taker_fee_rate",
]);

/** The owner's name for an order: own only beside one of the others, because until 2023 it was sent to everyone. */
const chosen: ReadonlySet<string> = new Set(["client_oid"]);

export const isOwn = (name: string) => own.has(name);
export const isChosen = (name: string) => chosen.has(name);

export interface Kept {
  readonly text: string;
  /** How many members were cut. */
  readonly dropped: number;
}

/** A quick test: true for every text with an own member, false for nearly all others. */
export function mayHaveOwn(text: string): boolean {
  // Any letter may be escaped.
  return text.includes("user_id") || text.includes("profile_id") || text.includes("fee_rate") || text.includes("\\");
}

/**
 * A frame's text without own members at any depth. In an object, which JSON.parse has accepted, everything else is kept
 * exactly; in any other text more may be cut.
 */
export function withoutOwn(text: string, isObject: boolean): Kept {
  if (!isObject) return scrub(text);
  const first = cutMembers(text, own);
  if (first.dropped === 0) return first;
  const second = cutMembers(first.text, chosen);
  return { text: second.text, dropped: first.dropped + second.dropped };
}

/** The same for a frame's bytes. Those that are not UTF-8 are searched as Latin-1. */
export function frameWithoutOwn(
  bytes: Buffer,
  isObject: boolean,
): { readonly bytes: Buffer; readonly dropped: number } {
  const encoding = isUtf8(bytes) ? "utf8" : "latin1";
  const text = bytes.toString(encoding);
  if (isObject && !mayHaveOwn(text)) return { bytes, dropped: 0 };
  const kept = withoutOwn(text, isObject);
  return { bytes: kept.dropped === 0 ? bytes : Buffer.from(kept.text, encoding), dropped: kept.dropped };
}

/** The text of an object without the members of these names. Not recursive, because a frame may nest deeply. */
function cutMembers(text: string, names: ReadonlySet<string>): Kept {
  /** The enclosing containers: whether each is an object. */
  const inObject: boolean[] = [];
  let naming = false;
  let kept = "";
  let from = 0;
  let memberAt = 0;
  let dropped = 0;
  for (let at = 0; at < text.length; at++) {
    const sign = text[at]!;
    if (sign === '"') {
      const end = endOfString(text, at);
      const isCut = naming && names.has(JSON.parse(text.slice(at, end)) as string);
      naming = false;
      at = end - 1;
      if (!isCut) continue;
      dropped++;
      const valueEnd = endOfValue(text, end);
      kept += text.slice(from, memberAt);
      if (text[valueEnd] === ",") {
        // The next member takes its place.
        from = memberAt = valueEnd + 1;
        naming = true;
        at = valueEnd;
      } else {
        if (kept.endsWith(",")) kept = kept.slice(0, -1);
        from = valueEnd;
        at = valueEnd - 1;
      }
    } else if (sign === "{" || sign === "[") {
      inObject.push(sign === "{");
      naming = sign === "{";
      memberAt = at + 1;
    } else if (sign === "}" || sign === "]") {
      inObject.pop();
      naming = false;
    } else if (sign === ",") {
      naming = inObject.at(-1)!;
      memberAt = at + 1;
    }
  }
  return { text: kept + text.slice(from), dropped };
}

/** Where a member's value ends, at a comma or a brace; `start` is after its name. */
function endOfValue(text: string, start: number): number {
  let depth = 0;
  let at = start;
  for (; depth > 0 || (text[at] !== "," && text[at] !== "}"); at++) {
    const sign = text[at]!;
    if (sign === '"') at = endOfString(text, at) - 1;
    else if (sign === "{" || sign === "[") depth++;
    else if (sign === "}" || sign === "]") depth--;
  }
  return at;
}

/** A pattern for a name in JSON, any letter of which may be escaped. */
const spelt = (name: string) =>
  name.replaceAll(/./g, (letter) => `(?:${letter}|\\\\u00${letter.charCodeAt(0).toString(16)})`);

const anyName = [...own, ...chosen].toSorted((a, b) => b.length - a.length).map(spelt);
const memberFollows = String.raw`,\s*\\*"\w+\\*"\s*:`;
const objectEnds = String.raw`[}\]]\s*(?:$|[{[}\]])`;
const named = new RegExp(
  String.raw`,?(?:\\?")?(?:${anyName.join("|")})(?:\\*"\s*:\s*[{[][^]*|[^]*?(?=${memberFollows}|${objectEnds}|$))`,
  "gi",
);

/**
 * A text that is not a JSON object cannot be parsed: from each such name everything is cut up to what looks like the next
 * member, or to the end. `client_oid` is cut too, because the member that marks it as own may have been torn off.
 */
function scrub(text: string): Kept {
  let dropped = 0;
  const rest = text.replace(named, () => {
    dropped++;
    return "";
  });
  const head = tornHead(rest, dropped > 0);
  return head === "" ? { text: rest, dropped } : { text: rest.slice(head.length), dropped: dropped + 1 };
}

/**
 * The beginning of a text whose start is torn off, if it may be the rest of an own member: the end of such a name or, if
 * there were other own members, a value without a name.
 */
function tornHead(text: string, hasOthers: boolean): string {
  const rest = /^([\w.-]*)"?\s*:[^]*?(?=,\s*"\w+"\s*:|$)/.exec(text);
  if (rest !== null) return [...own, ...chosen].some((name) => name.endsWith(rest[1]!)) ? rest[0] : "";
  return (hasOthers && /^"?[\w.-]*"?\s*(?=,|$)/.exec(text)?.[0]) || "";
}
