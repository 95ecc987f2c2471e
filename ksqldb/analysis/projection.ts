/** The SELECT list: which of its items are the key, which the value, and their names. */
import type { Expression, Item, Place } from "../language/ast.ts";
import type { Refuse } from "../expressions/typed.ts";
import type { Source } from "./plan.ts";

/** An item with its name, stars and all fields of a struct written out. */
export interface Selected {
  readonly expression: Expression;
  readonly name: string;
  readonly at: Place;
  /** The comment behind it on its line. */
  readonly comment: string | undefined;
}

/** Gives items without a name one, as ksqlDB does: never one that the source has a column of. */
export class Names {
  readonly #taken: Set<string>;
  #next = 0;

  constructor(source: Source) {
    this.#taken = new Set([...source.key.columns, ...source.value.columns].map(({ name }) => name));
  }

  of(expression: Expression, refuse: Refuse): string {
    if (expression.kind === "name") return expression.name;
    if (expression.kind === "field") {
      if (this.#taken.has(expression.name))
        refuse(expression.at, `the field ${expression.name} needs another name: AS …`);
      this.#taken.add(expression.name);
      return expression.name;
    }
    return this.generated();
  }

  generated(): string {
    for (;;) {
      const name = `KSQL_COL_${this.#next++}`;
      if (!this.#taken.has(name)) return name;
    }
  }
}

/** `star`: the columns that * stands for, in their order. `fields`: those of a struct. */
export function selected(
  items: readonly Item[],
  names: Names,
  star: (at: Place, qualifier: string | null) => readonly Expression[],
  fields: (struct: Expression) => readonly string[],
  text: string,
  refuse: Refuse,
): Selected[] {
  return items.flatMap((item): Selected[] => {
    switch (item.kind) {
      case "star":
        return star(item.at, item.qualifier).map((expression) => ({
          expression,
          name: expression.kind === "name" ? expression.name : names.of(expression, refuse),
          at: item.at,
          comment: undefined,
        }));
      case "allFields":
        return fields(item.struct).map((name) => ({
          expression: { kind: "field", base: item.struct, name, at: item.at },
          name,
          at: item.at,
          comment: undefined,
        }));
      case "item":
        return [
          {
            expression: item.expression,
            name: item.name?.name ?? names.of(item.expression, refuse),
            at: item.at,
            comment: commentBehind(item, text),
          },
        ];
    }
  });
}

/** The items that are the key's expressions, in their order, and the others. Refuses a key that is missing or there twice. */
export function splitKey<T extends { readonly name: string; readonly at: Place }>(
  items: readonly T[],
  keys: readonly string[],
  keyOf: (item: T) => string,
  at: Place,
  refuse: Refuse,
): { keys: T[]; values: T[] } {
  const found = keys.map((key) => {
    const [first, second] = items.filter((item) => keyOf(item) === key);
    if (second !== undefined)
      refuse(second.at, `the key ${key} is selected more than once: AS_VALUE(${key}) copies it into the value`);
    return first ?? refuse(at, `the key ${key} is missing from the SELECT list`);
  });
  const values = items.filter((item) => !found.includes(item));
  if (values.length === 0) refuse(at, "nothing but the key is selected: a value needs a column");
  const seen = new Set<string>();
  for (const { name, at: place } of [...found, ...values]) {
    if (seen.has(name)) refuse(place, `the column ${name} is named twice`);
    seen.add(name);
  }
  return { keys: found, values };
}

function commentBehind({ name, expression }: Item & { kind: "item" }, text: string): string | undefined {
  const line = text.slice(name?.end ?? expression.at.offset).split("\n", 1)[0]!;
  return /--\s*(.*)/.exec(line)?.[1]?.trim();
}
