/** Expressions of the style, by precedence: OR, AND, NOT, comparisons, sums, products, signs. */
import { Cursor } from "./cursor.ts";
import type { Case, Call, Expression, Literal, OrderTerm, Query, Window } from "./syntax.ts";
import { literalTypes, units } from "./words.ts";

const comparisons = new Set(["=", "<", ">", "<=", ">=", "<>", "!="]);

export abstract class ExpressionParser extends Cursor {
  abstract query(): Query;
  abstract orderBy(): OrderTerm[];

  expression(): Expression {
    return this.#chain(["OR"], () => this.#chain(["AND"], () => this.#not()));
  }

  #chain(operators: readonly string[], operand: () => Expression): Expression {
    let left = operand();
    while (operators.includes(this.next.word)) {
      const sign = this.take();
      left = { kind: "operation", at: left.at, operator: sign.word, sign, operands: [left, operand()] };
    }
    return left;
  }

  #not(): Expression {
    if (this.next.word !== "NOT") return this.#comparison();
    const sign = this.take();
    return { kind: "operation", at: sign, operator: "NOT", sign, operands: [this.#not()] };
  }

  #comparison(): Expression {
    const value = this.#sum();
    const { at } = value;
    const sign = this.next;
    if (comparisons.has(sign.word)) {
      this.take();
      return { kind: "operation", at, operator: sign.word, sign, operands: [value, this.#sum()] };
    }
    if (sign.word === "IN" || (sign.word === "NOT" && this.after(1).word === "IN")) {
      this.accept("NOT");
      this.take();
      return { kind: "in", at, value, among: this.parenthesised(() => this.#among()) };
    }
    if (!this.accept("IS")) return value;
    this.accept("NOT");
    if (this.accept("DISTINCT")) {
      this.expect("FROM");
      return { kind: "operation", at, operator: "IS DISTINCT FROM", sign, operands: [value, this.#sum()] };
    }
    const { word } = this.next;
    if (word !== "NULL" && word !== "TRUE" && word !== "FALSE") this.refuse("NULL, TRUE or FALSE is expected, not");
    this.take();
    return { kind: "operation", at, operator: `IS ${word === "NULL" ? "NULL" : "TRUE"}`, sign, operands: [value] };
  }

  #among(): Expression[] | Query {
    return this.#startsQuery() ? this.query() : this.list(() => this.expression());
  }

  #startsQuery(): boolean {
    return this.next.word === "SELECT" || this.next.word === "WITH";
  }

  #sum(): Expression {
    return this.#chain(["+", "-"], () => this.#chain(["*"], () => this.#signed()));
  }

  #signed(): Expression {
    if (this.next.word !== "-" && this.next.word !== "+") return this.#primary();
    const sign = this.take();
    return { kind: "operation", at: sign, operator: "sign", sign, operands: [this.#signed()] };
  }

  #primary(): Expression {
    const at = this.next;
    const called = this.after(1).text === "(";
    if (at.kind === "number") return this.#literal("INT64");
    if (at.kind === "text") return this.#literal("STRING");
    if (at.text === "(") return this.#inParentheses();
    if (at.word === "NULL") return this.#literal("NULL");
    if (at.word === "TRUE" || at.word === "FALSE") return this.#literal("BOOL");
    if (at.word === "CASE") return this.#case();
    if (at.word === "INTERVAL") return this.#interval();
    if (!this.isName(at)) this.refuse("an expression is expected, not");
    if (this.after(1).kind === "text") return this.#typedLiteral();
    if (called) return at.word === "CAST" ? this.#cast() : this.#call();
    this.take();
    if (!this.accept(".")) return { kind: "column", at, relation: undefined, name: at };
    const name = this.name();
    if (this.next.text === ".") this.refuse("a column is named as x or as t.x, not with");
    return { kind: "column", at, relation: at, name };
  }

  #literal(type: Literal["type"]): Literal {
    const at = this.take();
    if (type === "STRING" && this.next.kind === "text") {
      this.source.refuse(at, `two texts stand side by side: write "it's" for a text with a quote in it`);
    }
    return { kind: "literal", at, type, last: at };
  }

  #typedLiteral(): Literal {
    const at = this.take();
    const type = [...literalTypes].find((known) => known === at.word);
    if (type === undefined) {
      this.source.refuse(
        at,
        `the literal ${at.text} ${this.next.text} is not in the style, which has those of ${[...literalTypes].join(", ")}`,
      );
    }
    return { kind: "literal", at, type, last: this.take() };
  }

  #inParentheses(): Expression {
    const at = this.take();
    const query = this.#startsQuery();
    const inner: Expression = query ? { kind: "subquery", at, query: this.query() } : this.expression();
    this.expect(")");
    return inner;
  }

  #case(): Case {
    const at = this.take();
    const value = this.next.word === "WHEN" ? undefined : this.expression();
    const branches: Case["branches"][number][] = [];
    do {
      this.expect("WHEN");
      const when = this.expression();
      this.expect("THEN");
      branches.push({ when, then: this.expression() });
    } while (this.next.word === "WHEN");
    const otherwise = this.accept("ELSE") ? this.expression() : undefined;
    this.expect("END");
    return { kind: "case", at, value, branches, otherwise };
  }

  #interval(): Expression {
    const at = this.take();
    if (this.next.kind !== "number" && this.next.text !== "(") {
      this.refuse("an INTERVAL is written INTERVAL 1 SECOND or INTERVAL (x) SECOND, not with");
    }
    const value = this.#primary();
    if (!units.has(this.next.word)) this.refuse(`the unit must be one of ${[...units].join(", ")}, not`);
    return { kind: "interval", at, value, unit: this.take() };
  }

  #cast(): Expression {
    const at = this.take();
    this.expect("(");
    const value = this.expression();
    const as = this.expect("AS");
    const type = this.name();
    if (type.word !== "NUMERIC" && type.word !== "BIGNUMERIC") {
      this.source.refuse(type, `CAST to ${type.text} differs between BigQuery and DuckDB`);
    }
    if (this.next.text === "(") {
      this.source.refuse(type, `CAST to ${type.text}(…) differs between BigQuery and DuckDB: leave the digits out`);
    }
    this.expect(")");
    return { kind: "cast", at, value, as, type };
  }

  #call(): Call {
    const at = this.take();
    this.expect("(");
    const star = this.accept("*");
    const distinct = !star && this.accept("DISTINCT");
    const some = !star && this.next.text !== ")";
    const given = some ? this.list(() => this.expression()) : [];
    this.expect(")");
    const over = this.accept("OVER") ? this.#window() : undefined;
    return { kind: "call", at, star, distinct, arguments: given, over };
  }

  #window(): Window {
    const at = this.next;
    return this.parenthesised(() => {
      const partitioned = this.accept("PARTITION") && this.expect("BY") !== undefined;
      const partitionBy = partitioned ? this.list(() => this.expression()) : [];
      return { kind: "window", at, partitionBy, orderBy: this.orderBy() };
    });
  }
}
