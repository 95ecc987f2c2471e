/**
 * The members of a frame as text. JSON.parse would turn 1.50 into 1.5 and round 2^53 + 1: what travels in `extra` is
 * copied from the frame, digit by digit.
 */

/** A JSON object of the given members of another, copied as text; a member that it lacks becomes null. */
export function pickMembers(text: string, names: readonly string[]): string {
  const members = memberTexts(text);
  return `{${names.map((name) => `${JSON.stringify(name)}:${members.get(name) ?? "null"}`).join(",")}}`;
}

/** The text of the value of a member, which the object must have. */
export function memberText(text: string, name: string): string {
  return memberTexts(text).get(name)!;
}

/** A JSON text with its numbers that have an exponent quoted, so that JSON.parse keeps them as written. */
export function quoteExponents(text: string): string {
  const number = /-?[\d.]+(?:[eE][+-]?\d+)?/y;
  let quoted = "";
  let from = 0;
  for (let at = 0; at < text.length; at++) {
    if (text[at] === '"') {
      at = endOfString(text, at) - 1;
      continue;
    }
    number.lastIndex = at;
    const found = number.exec(text)?.[0];
    if (found === undefined) continue;
    if (/e/i.test(found)) {
      quoted += `${text.slice(from, at)}"${found}"`;
      from = at + found.length;
    }
    at += found.length - 1;
  }
  return quoted + text.slice(from);
}

/** The text of every member's value, by name, in an object that JSON.parse has accepted. */
function memberTexts(text: string): Map<string, string> {
  const members = new Map<string, string>();
  let depth = 0;
  let name: string | undefined;
  let valueAt = 0;
  for (let at = 0; at < text.length; at++) {
    const sign = text[at]!;
    if (sign === '"') {
      const end = endOfString(text, at);
      if (depth === 1) name ??= JSON.parse(text.slice(at, end)) as string;
      at = end - 1;
    } else if (sign === "{" || sign === "[") depth++;
    else if (sign === ":" && depth === 1) valueAt = at + 1;
    else if (sign === "," || sign === "}" || sign === "]") {
      if (depth === 1 && name !== undefined) {
        members.set(name, text.slice(valueAt, at).trim());
        name = undefined;
      }
      if (sign !== ",") depth--;
    }
  }
  return members;
}

/** Where the string that starts at `start` ends, after its quote. */
export function endOfString(text: string, start: number): number {
  let at = start + 1;
  while (text[at] !== '"') at += text[at] === "\\" ? 2 : 1;
  return at + 1;
}
