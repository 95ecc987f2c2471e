/** What the files say should run: one object a statement, sources before what reads them. */
import type { Statement } from "../language/ast.ts";
import { nameText, typeText, type SqlType } from "../language/types.ts";
import { UserError } from "../../command.ts";
import { parse, reservedWords } from "../language/parse.ts";
import type { Column } from "./state.ts";

export interface Desired {
  readonly name: string;
  readonly kind: "stream" | "table";
  readonly file: string;
  /** The statement without comments and without OR REPLACE, from CREATE to its semicolon. */
  readonly text: string;
  readonly ast: Statement;
  readonly topic: string;
  /** The source that it reads; of a declared one none. */
  readonly reads: string | undefined;
  /** All columns, where their types are known. */
  readonly columns: readonly Column[] | undefined;
}

/** What the analysis finds of a stream or table. */
interface Shape {
  readonly key: Side;
  readonly value: Side;
}

interface Side {
  readonly columns: readonly { readonly name: string; readonly type: SqlType }[];
}

/** `shapes`, by name, tell the types of what queries make: without them fewer changes are known to be harmless. */
export function desiredStatements(
  scripts: readonly { readonly file: string; readonly text: string }[],
  shapes: ReadonlyMap<string, Shape> = new Map(),
): Desired[] {
  const all = scripts.flatMap(({ file, text }) => {
    const statements = parse(text, file);
    return statements.map((ast, i): Desired => {
      const { name } = ast.name;
      const topic = ast.properties.find((property) => property.name === "KAFKA_TOPIC")?.value ?? name;
      return {
        name,
        kind: ast.source,
        file,
        text: plainText(text.slice(ast.at.offset, statements[i + 1]?.at.offset)),
        ast,
        topic: String(topic),
        reads: ast.kind === "createAs" ? ast.query.from.name.name : undefined,
        columns: columnsOf(shapes.get(name)),
      };
    });
  });
  return inOrder(all);
}

function columnsOf(shape: Shape | undefined): Column[] | undefined {
  const side = (key: boolean, columns: Side["columns"]) =>
    columns.map(({ name, type }) => ({ name, type: typeText(type), key }));
  return shape && [...side(true, shape.key.columns), ...side(false, shape.value.columns)];
}

/** Comments are for readers of the files; some gateways take what stands in them for more statements. */
function plainText(text: string): string {
  const parts = /('(?:''|[^'])*'|`(?:``|[^`])*`|"(?:""|[^"])*")|[ \t]*--[^\n]*/g;
  return text
    .replace(parts, (_, kept: string | undefined) => kept ?? "")
    .replace(/;[^;]*$/, ";")
    .replace(/^(CREATE)\s+OR\s+REPLACE\b/i, "$1")
    .trim();
}

/** Sources before what reads them, else as the files have them. */
function inOrder(all: readonly Desired[]): Desired[] {
  const ordered: Desired[] = [];
  const place = (one: Desired, above: readonly Desired[]): void => {
    if (ordered.includes(one)) return;
    if (above.includes(one)) throw new UserError(`${one.file}: ${one.name} reads itself, through what it reads.`);
    for (const other of all) if (other.name === one.reads) place(other, [...above, one]);
    ordered.push(one);
  };
  for (const one of all) place(one, []);
  return ordered;
}

/** A name as it must be written in a statement to be read as itself. */
export function quoted(name: string): string {
  return reservedWords.has(name) ? `\`${name}\`` : nameText(name);
}
