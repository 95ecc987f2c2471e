/** The SELECT list: which of its items are the key, which the value, and their names. */
import type { Expression, Item, Place } from "../language/ast.ts";
import type { Refuse } from "../language/parse.ts";
import type { Source } from "./plan.ts";
import { reservedColumns } from "./source.ts";

/** An item with its name, stars and all fields of a struct written out. */
export interface Selected {
  readonly expression: Expression;
  readonly name: string;
  readonly at: Place;
  /** An item of its own, or one of those that * or ->* stands for. */
  readonly from: Item["kind"];
  /** The comment behind it on its line. */
  readonly comment: string | undefined;
}

/**
 * Gives items without a name one, as ksqlDB does: never one that the source has a column of. Where ksqlDB counts on from a
 * name that ends in a number, it is refused.
 */
class Names {
  readonly #taken: Set<string>;
  #next = 0;

  constructor(source: Source) {
    this.#taken = new Set([...source.key.columns, ...source.value.columns].map(({ name }) => name));
  }

  of(expression: Expression, refuse: Refuse): string {
    if (expression.kind === "name") return expression.name;
    if (expression.kind === "field") {
      const { name } = expression;
      if (/_\d+$/.test(name) || [...this.#taken].some((other) => other === name || numbered(other) === name))
        refuse(expression.at, `the field ${name} needs another name: AS …`);
      this.#taken.add(expression.name);
      return expression.name;
    }
    if (this.#taken.has("KSQL_COL")) refuse(expression.at, "beside a column KSQL_COL this needs a name: AS …");
    for (;;) {
      const name = `KSQL_COL_${this.#next++}`;
      if (!this.#taken.has(name)) return name;
    }
  }
}

/** What stands before the number at a name's end. */
function numbered(name: string): string | undefined {
  return /^(.*)_\d+$/.exec(name)?.[1];
}

/** `star`: the columns that * stands for, in their order. `fields`: those of a struct. */
export function selected(
  items: readonly Item[],
  source: Source,
  star: (at: Place, qualifier: string | null) => readonly Expression[],
  fields: (struct: Expression) => readonly string[],
  text: string,
  refuse: Refuse,
): Selected[] {
  const names = new Names(source);
  const starNames = new Names(source);
  return items.flatMap((item): Selected[] => {
    switch (item.kind) {
      case "star":
        return star(item.at, item.qualifier).map((expression) => ({
          expression,
          name: starNames.of(expression, refuse),
          at: item.at,
          from: item.kind,
          comment: undefined,
        }));
      case "allFields":
        return fields(item.struct).map((name) => ({
          expression: { kind: "field", base: item.struct, name, at: item.at },
          name,
          at: item.at,
          from: item.kind,
          comment: undefined,
        }));
      case "item":
        return [
          {
            expression: item.expression,
            name: item.name?.name ?? names.of(item.expression, refuse),
            at: item.at,
            from: item.kind,
            comment: commentBehind(item, text),
          },
        ];
    }
  });
}

/** The items that are the key's expressions, in their order, and the others. Refuses a key that is missing or there twice. */
export function splitKey(
  items: readonly Selected[],
  keys: readonly string[],
  text: (expression: Expression) => string,
  at: Place,
  refuse: Refuse,
): { keys: Selected[]; values: Selected[] } {
  const found = keys.map((key) => {
    const [first, second] = items.filter(({ from, expression }) => from !== "allFields" && text(expression) === key);
    if (second !== undefined)
      refuse(second.at, `the key ${key} is selected more than once: AS_VALUE(${key}) copies it into the value`);
    return first ?? refuse(at, `the key ${key} is missing from the SELECT list`);
  });
  const values = items.filter((item) => !found.includes(item));
  if (values.length === 0) refuse(at, "nothing but the key is selected: a value needs a column");
  const seen = new Set<string>();
  for (const { name, at: place, from } of [...found, ...values]) {
    // A key that is partitioned by ROWTIME has its name, from * alone.
    if (from !== "star" && reservedColumns.includes(name.toUpperCase()))
      refuse(place, `the name ${name} is taken by ksqlDB: AS …`);
    if (seen.has(name)) refuse(place, `the column ${name} is named twice`);
    seen.add(name);
  }
  return { keys: found, values };
}

function commentBehind({ name, expression }: Item & { kind: "item" }, text: string): string | undefined {
  const line = text.slice(name?.end ?? expression.at.offset).split("\n", 1)[0]!;
  return /--\s*(.*)/.exec(line)?.[1]?.trim();
}
