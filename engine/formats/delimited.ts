/**
 * DELIMITED: one line of Apache Commons CSV 1.4 in its default format, with another delimiter where one is given:
 * https://commons.apache.org/proper/commons-csv/archives/1.4/apidocs/org/apache/commons/csv/CSVFormat.html#DEFAULT
 */
import type { SqlType, Value } from "../language/types.ts";
import type { Side } from "./format.ts";
import { parseNumber, plainText } from "./java-text.ts";

/** Reads the first line that is not empty; an empty field is NULL. */
export function delimitedReader({ columns, delimiter }: Side): (bytes: Buffer) => Value {
  const separator = delimiter.replace(/[\\^\]-]/, "\\$&");
  // A quote in quotes is doubled; blanks may follow the closing one.
  const field = new RegExp(
    `(?:"([^"]*(?:""[^"]*)*)"(?:(?![${separator}])[^\\S\\r\\n])*|((?!")[^${separator}\\r\\n]*))([${separator}]|[\\r\\n]+|$)`,
    "y",
  );
  return (bytes) => {
    const [fields] = parseLines(bytes.toString("utf8"), field, delimiter);
    if (fields === undefined) throw new Error("No fields in record");
    if (fields.length !== columns.length) {
      throw new Error(`Column count mismatch: expected ${columns.length}, got ${fields.length}`);
    }
    return columns.map(({ type }, i) => (fields[i] === "" ? null : parseField(fields[i]!, type)));
  };
}

function parseField(text: string, type: SqlType): Value {
  if (type.base === "BOOLEAN") return text.toLowerCase() === "true";
  return parseNumber(text, type) ?? text;
}

/** All lines are read, as a quote that does not end makes the whole unreadable. */
function parseLines(text: string, field: RegExp, delimiter: string): string[][] {
  const lines: string[][] = [];
  let fields: string[] = [];
  field.lastIndex = /^[\r\n]*/.exec(text)![0].length;
  while (field.lastIndex < text.length || fields.length > 0) {
    const match = field.exec(text);
    if (match === null) throw new Error("a quoted field does not end, or something stands behind it");
    const [, quoted, plain, end] = match;
    fields.push(quoted?.replaceAll('""', '"') ?? plain!);
    if (end === delimiter) continue;
    lines.push(fields);
    fields = [];
  }
  return lines;
}

/** Writes one line, without its end. */
export function delimitedWriter({ columns, delimiter }: Side): (values: Value) => Buffer {
  return (values) => {
    const fields = columns.map(({ type }, i) => {
      const value = (values as readonly (boolean | string | number | bigint | null)[])[i]!;
      return value === null ? "" : printed(plainText(value, type), i === 0, delimiter);
    });
    return Buffer.from(fields.join(delimiter));
  };
}

/** Quoted where the CSV printer is not sure that it could be read otherwise: more so at the beginning of a line. */
function printed(text: string, first: boolean, delimiter: string): string {
  const quotes =
    text === ""
      ? first
      : (first && !/^[0-9A-Za-z]/.test(text)) || /^[\0-#]|[\0- ]$|["\r\n]/.test(text) || text.includes(delimiter);
  return quotes ? `"${text.replaceAll('"', '""')}"` : text;
}
