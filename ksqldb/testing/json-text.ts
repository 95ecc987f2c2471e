/** JSON whose numbers keep their text, so that no digit is lost: https://www.rfc-editor.org/rfc/rfc8259 */

export type Json = null | boolean | string | JsonNumber | readonly Json[] | ReadonlyMap<string, Json>;

/** A number as it is written. */
export class JsonNumber {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

const token =
  /[ \t\n\r]*(?:([{}[\],:])|(true|false|null)\b|("[^"\\]*(?:\\[^][^"\\]*)*")|(-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?)(?![\w.+-]))/y;

/** Throws NotJson if the text is not JSON. Of members with one name the last counts. */
export function parseJson(text: string): Json {
  let at = 0;
  const value = parseValue(next());
  if (/[^ \t\n\r]/.test(text.slice(at))) throw notJson();
  return value;

  function next(): RegExpExecArray {
    token.lastIndex = at;
    const match = token.exec(text);
    if (match === null) throw notJson();
    at = token.lastIndex;
    return match;
  }

  function parseValue([, mark, word, string, number]: RegExpExecArray): Json {
    if (string !== undefined) return textOf(string);
    if (number !== undefined) return new JsonNumber(number);
    if (word !== undefined) return word === "null" ? null : word === "true";
    if (mark === "[") {
      const items: Json[] = [];
      parseList("]", (match) => items.push(parseValue(match)));
      return items;
    }
    if (mark !== "{") throw notJson();
    const members = new Map<string, Json>();
    parseList("}", ([, , , name]) => {
      if (name === undefined || next()[1] !== ":") throw notJson();
      members.set(textOf(name), parseValue(next()));
    });
    return members;
  }

  /** What stands between commas, up to the end; `parse` gets the first token of each. */
  function parseList(end: string, parse: (match: RegExpExecArray) => void): void {
    let match = next();
    if (match[1] === end) return;
    for (;;) {
      parse(match);
      const mark = next()[1];
      if (mark === end) return;
      if (mark !== ",") throw notJson();
      match = next();
    }
  }

  function notJson(): NotJson {
    return new NotJson(at);
  }
}

export class NotJson extends Error {
  /** How many characters of the text are JSON. */
  readonly at: number;

  constructor(at: number) {
    super(`not JSON at character ${at}`);
    this.at = at;
  }
}

/** Refuses unknown escapes and control characters. */
function textOf(quoted: string): string {
  return JSON.parse(quoted) as string;
}

/** Without space; numbers as they were written. */
export function jsonText(json: Json): string {
  if (json === null || typeof json !== "object") return JSON.stringify(json);
  if (json instanceof JsonNumber) return json.text;
  if (!(json instanceof Map)) return `[${(json as readonly Json[]).map(jsonText).join(",")}]`;
  const members = [...(json as ReadonlyMap<string, Json>)];
  return `{${members.map(([name, value]) => `${JSON.stringify(name)}:${jsonText(value)}`).join(",")}}`;
}
