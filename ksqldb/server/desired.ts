/** What the files say should run: one object a statement, sources before what reads them. */
import type { Statement } from "../language/ast.ts";
import { typeNameText } from "../language/format.ts";
import { parse, reservedWords } from "../language/parse.ts";
import { nameText } from "../language/types.ts";
import { UserError } from "../../command.ts";
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
  /** All columns, where they are known. */
  readonly columns: readonly Column[] | undefined;
}

/** Columns of what a CREATE … AS makes, by its name, as the analysis finds them; undefined where it does not know. */
export type ColumnsOf = (name: string) => readonly Column[] | undefined;

export function desiredStatements(
  scripts: readonly { readonly file: string; readonly text: string }[],
  columnsOf: ColumnsOf = () => undefined,
): Desired[] {
  const all = scripts.flatMap(({ file, text }) => {
    const statements = parse(text, file);
    return statements.map((ast, i) => {
      const own = text.slice(ast.at.offset, statements[i + 1]?.at.offset);
      return describe(ast, file, withoutComments(own), columnsOf);
    });
  });
  return inOrder(all);
}

function describe(ast: Statement, file: string, text: string, columnsOf: ColumnsOf): Desired {
  const { name } = ast.name;
  const columns =
    ast.kind === "createAs"
      ? columnsOf(name)
      : ast.columns.length === 0
        ? undefined
        : ast.columns.map((column) => ({
            name: column.name,
            type: typeNameText(column.type),
            key: column.key !== "",
          }));
  const topic = ast.properties.find((property) => property.name === "KAFKA_TOPIC")?.value ?? name;
  const reads = ast.kind === "createAs" ? ast.query.from.name.name : undefined;
  const plain = text.replace(/^(CREATE)\s+OR\s+REPLACE\b/i, "$1");
  return { name, kind: ast.source, file, text: plain, ast, topic: String(topic), reads, columns };
}

/** Comments are for readers of the files; some gateways take what stands in them for more statements. */
function withoutComments(text: string): string {
  const parts = /('(?:''|[^'])*'|`(?:``|[^`])*`|"(?:""|[^"])*")|[ \t]*--[^\n]*/g;
  return text
    .replace(parts, (_, kept: string | undefined) => kept ?? "")
    .replace(/;[^;]*$/, ";")
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
