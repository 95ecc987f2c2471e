/** What the files say should run: one object a statement, sources before what reads them. */
import type { Source } from "../../engine/analysis/plan.ts";
import type { Statement } from "../../engine/language/ast.ts";
import { parse } from "../../engine/language/parse.ts";
import { typeText } from "../../engine/language/types.ts";
import { inOrder } from "../../program/order.ts";
import type { Column } from "./state.ts";

export interface Desired {
  readonly name: string;
  readonly kind: "stream" | "table";
  readonly file: string;
  /** The statement without comments, from CREATE to its semicolon. */
  readonly text: string;
  readonly ast: Statement;
  readonly topic: string;
  /** The source that it reads; of a declared one none. */
  readonly reads: string | undefined;
  /** All columns, where their types are known; else none. */
  readonly columns: readonly Column[];
}

/** What the analysis finds of a stream or table. */
type Shape = Pick<Source, "key" | "value">;

/** `shapes`, by name, tell the types of what queries make: without them fewer changes are known to be harmless. */
export function desiredStatements(
  scripts: readonly { readonly file: string; readonly text: string }[],
  shapes: ReadonlyMap<string, Shape> = new Map(),
): Desired[] {
  const all = scripts.flatMap(({ file, text }) => {
    const statements = parse(text, file);
    return statements.map((ast, i): Desired => {
      const { name } = ast.name;
      const shape = shapes.get(name);
      const topic = ast.properties.find((property) => property.name === "KAFKA_TOPIC")?.value ?? name;
      return {
        name,
        kind: ast.source,
        file,
        text: withoutComments(text.slice(ast.at.offset, statements[i + 1]?.at.offset)),
        ast,
        topic,
        reads: ast.kind === "createAs" ? ast.query.from.name.name : undefined,
        columns: shape === undefined ? [] : columnsOf(shape),
      };
    });
  });
  return inOrder(all, ({ reads }) => all.filter(({ name }) => name === reads));
}

function columnsOf({ key, value }: Shape): Column[] {
  return [key, value].flatMap((side) =>
    side.columns.map(({ name, type }) => ({ name, type: typeText(type), key: side === key })),
  );
}

/** Comments are for readers of the files; some gateways take what stands in them for more statements. */
function withoutComments(text: string): string {
  const quotedOrComment = /('(?:''|[^'])*'|`(?:``|[^`])*`|"(?:""|[^"])*")|[ \t]*--[^\n]*/g;
  return text
    .replace(quotedOrComment, (_, quoted: string | undefined) => quoted ?? "")
    .replace(/;[^;]*$/, ";")
    .trim();
}
