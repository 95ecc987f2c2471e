/**
 * DELIMITED: one line of Apache Commons CSV 1.4 in its default format, with another delimiter where one is given:
 * https://commons.apache.org/proper/commons-csv/archives/1.4/apidocs/org/apache/commons/csv/CSVFormat.html#DEFAULT
 */
import { decimalText, fitExact, parseExact } from "../expressions/decimal.ts";
import { doubleText } from "../expressions/double.ts";
import type { SqlType, Value } from "../language/types.ts";
import type { Deserialize, Serialize, Side } from "./format.ts";
import { parseDouble, parseInteger } from "./java-text.ts";

/** The first line that is not empty; an empty field is NULL. */
export function delimitedDeserializer({ columns, delimiter }: Side): Deserialize {
  return (bytes) => {
    const [fields] = parseLines(bytes.toString("utf8"), delimiter);
    if (fields === undefined) throw new Error("No fields in record");
    if (fields.length !== columns.length) {
      throw new Error(`Column count mismatch: expected ${columns.length}, got ${fields.length}`);
    }
    return columns.map(({ type }, i) => (fields[i] === "" ? null : parseField(fields[i]!, type)));
  };
}

function parseField(text: string, type: SqlType): Value {
  switch (type.base) {
    case "BOOLEAN":
      return text.toLowerCase() === "true";
    case "INTEGER":
      return parseInteger(text, 32);
    case "BIGINT":
      return parseInteger(text, 64);
    case "TIMESTAMP":
      return Number(parseInteger(text, 64));
    case "DOUBLE":
      return parseDouble(text);
    case "DECIMAL":
      return fitExact(parseExact(text), type);
    case "STRING":
    case "ARRAY":
    case "MAP":
    case "STRUCT":
      return text;
  }
}

/** All lines are read, as a quote that does not end makes the whole unreadable. */
function parseLines(text: string, delimiter: string): string[][] {
  const lines: string[][] = [];
  let at = 0;
  while (at < text.length) {
    if (isLineEnd(text[at])) at++;
    else lines.push(parseLine());
  }
  return lines;

  function parseLine(): string[] {
    const fields: string[] = [];
    for (;;) {
      fields.push(text[at] === '"' ? quoted() : plain());
      if (text[at] !== delimiter) return fields;
      at++;
    }
  }

  function plain(): string {
    const start = at;
    while (at < text.length && text[at] !== delimiter && !isLineEnd(text[at])) at++;
    return text.slice(start, at);
  }

  /** A quote inside is doubled; blanks may follow the closing one. */
  function quoted(): string {
    let field = "";
    for (;;) {
      const end = text.indexOf('"', at + 1);
      if (end < 0) throw new Error("a quoted field does not end");
      field += text.slice(at + 1, end);
      at = end + 1;
      if (text[at] !== '"') break;
      field += '"';
    }
    while (at < text.length && text[at] !== delimiter && !isLineEnd(text[at])) {
      if (!/\s/.test(text[at++]!)) throw new Error("something stands between a quoted field and the delimiter");
    }
    return field;
  }
}

function isLineEnd(character: string | undefined): boolean {
  return character === "\n" || character === "\r";
}

type Scalar = boolean | string | number | bigint;

export function delimitedSerializer({ columns, delimiter }: Side): Serialize {
  return (values) =>
    Buffer.from(
      columns
        .map(({ type }, i) =>
          values[i] === null ? "" : printed(fieldText(values[i] as Scalar, type), i === 0, delimiter),
        )
        .join(delimiter),
    );
}

function fieldText(value: Scalar, type: SqlType): string {
  if (type.base === "DOUBLE") return doubleText(Number(value));
  if (type.base === "DECIMAL" && value !== 0) return decimalText(BigInt(value), type.scale);
  return String(value);
}

/** Quoted where the CSV printer is not sure that it could be read otherwise: more so at the beginning of a line. */
function printed(text: string, first: boolean, delimiter: string): string {
  const quotes =
    text === ""
      ? first
      : (first && !/^[0-9A-Za-z]/.test(text)) || /^[\0-#]|[\0- ]$|["\r\n]/.test(text) || text.includes(delimiter);
  return quotes ? `"${text.replaceAll('"', '""')}"` : text;
}
