/**
 * The members of a frame as text. JSON.parse would turn 1.50 into 1.5 and round 2^53 + 1: what travels in `extra` is
 * copied from the frame, digit by digit.
 */

/** The given members of a JSON object's text as a JSON object of their own; a member that it lacks becomes null. */
export function pickMembers(text: string, names: readonly string[]): string {
  const members = memberTexts(text);
  return `{${names.map((name) => `${JSON.stringify(name)}:${members.get(name) ?? "null"}`).join(",")}}`;
}

/** Name → text of the value, for every member of an object that JSON.parse has accepted. */
function memberTexts(text: string): Map<string, string> {
  const members = new Map<string, string>();
  // A string, or one of the six structural characters; what lies between is literals and white space.
  const token = /"[^"\\]*(?:\\.[^"\\]*)*"|[{}[\]:,]/gs;
  let depth = 0;
  let name: string | undefined;
  let valueAt = 0;
  for (let match = token.exec(text); match !== null; match = token.exec(text)) {
    const sign = match[0];
    if (sign === "{" || sign === "[") depth++;
    else if (sign === ":" && depth === 1) valueAt = token.lastIndex;
    else if (depth === 1 && (sign === "," || sign === "}")) {
      if (name !== undefined) members.set(name, text.slice(valueAt, match.index).trim());
      name = undefined;
    } else if (depth === 1 && sign.startsWith('"')) name ??= JSON.parse(sign) as string;
    if (sign === "}" || sign === "]") depth--;
  }
  return members;
}
