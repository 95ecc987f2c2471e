/** The grammar of the style: a body's tokens → its syntax. What it does not know is refused with its place. */
import { ExpressionParser } from "./parse-expression.ts";
import type { Source, Token } from "./source.ts";
import type { Body, Item, OrderTerm, Query, Relation, Select, Star } from "./syntax.ts";

/** The one query of a body. Throws UserError on anything outside the style. */
export function parse(source: Source): Query {
  const parser = new QueryParser(source);
  const query = parser.query();
  parser.accept(";");
  if (parser.next.kind !== "end") parser.refuse("one statement is expected, which ends before");
  return query;
}

class QueryParser extends ExpressionParser {
  override query(): Query {
    const at = this.next;
    const parts: Query["parts"][number][] = [];
    if (this.accept("WITH")) {
      do {
        const name = this.name();
        this.expect("AS");
        parts.push({ name, query: this.parenthesised(() => this.query()) });
      } while (this.accept(","));
    }
    const body = this.#body();
    return { kind: "query", at, parts, body, orderBy: this.orderBy() };
  }

  #body(): Body {
    const at = this.next;
    const members = [this.#member()];
    let how: string | undefined;
    while (this.next.word === "UNION") {
      const union = this.take();
      const word = this.accept("DISTINCT") ? "DISTINCT" : this.expect("ALL").word;
      if (how !== undefined && how !== word) {
        this.source.refuse(union, "UNION ALL and UNION DISTINCT stand side by side: put one of them in parentheses");
      }
      how = word;
      members.push(this.#member());
    }
    return members.length === 1 ? members[0]! : { kind: "union", at, members };
  }

  #member(): Body {
    return this.next.text === "(" ? this.parenthesised(() => this.query()) : this.#select();
  }

  #select(): Select {
    const at = this.expect("SELECT");
    if (!this.accept("DISTINCT")) this.accept("ALL");
    const items = this.list(() => this.#item());
    const from = this.accept("FROM") ? this.#from() : [];
    const where = this.accept("WHERE") ? this.expression() : undefined;
    const groupBy = this.accept("GROUP") && this.expect("BY") ? this.list(() => this.expression()) : [];
    const having = this.accept("HAVING") ? this.expression() : undefined;
    const qualify = this.accept("QUALIFY") ? this.expression() : undefined;
    return { kind: "select", at, items, from, where, groupBy, having, qualify };
  }

  #item(): Item | Star {
    const at = this.next;
    if (this.accept("*")) return { kind: "star", at, relation: undefined };
    if (this.isName(at) && this.after(1).text === "." && this.after(2).text === "*") {
      this.take();
      this.take();
      this.take();
      return { kind: "star", at, relation: at };
    }
    return { kind: "item", at, value: this.expression(), alias: this.#alias() };
  }

  #alias(): Token | undefined {
    if (this.accept("AS")) return this.name();
    return this.isName(this.next) ? this.take() : undefined;
  }

  #from(): Relation[] {
    const relations = [this.#relation(false)];
    while (this.accept(",")) relations.push(this.#relation(false));
    const listed = relations.length;
    while (this.accept("LEFT") || this.accept("INNER") || this.next.word === "JOIN") {
      if (listed > 1) {
        this.source.refuse(
          this.next,
          "a JOIN after a comma joins other tables on BigQuery: write JOIN … ON TRUE for the comma",
        );
      }
      this.expect("JOIN");
      relations.push(this.#relation(true));
    }
    if (this.next.text === ",") this.refuse("JOIN … ON TRUE is written for a comma after a JOIN, not");
    return relations;
  }

  #relation(joined: boolean): Relation {
    const at = this.next;
    const of = at.text === "(" ? this.parenthesised(() => this.query()) : this.name();
    if (this.next.text === ".") this.refuse("a table is named without its dataset, not with");
    const alias = this.#alias();
    if (!joined) return { kind: "relation", at, of, alias, on: undefined, using: [] };
    if (this.accept("ON")) return { kind: "relation", at, of, alias, on: this.expression(), using: [] };
    this.expect("USING");
    return {
      kind: "relation",
      at,
      of,
      alias,
      on: undefined,
      using: this.parenthesised(() => this.list(() => this.name())),
    };
  }

  override orderBy(): OrderTerm[] {
    if (!this.accept("ORDER")) return [];
    this.expect("BY");
    return this.list(() => {
      const at = this.next;
      const value = this.expression();
      const descending = this.accept("DESC");
      if (!descending) this.accept("ASC");
      return { kind: "order", at, value, descending, end: this.before.end };
    });
  }
}
