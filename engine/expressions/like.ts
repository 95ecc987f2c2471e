/** LIKE: % stands for any text, _ for one character, of one line. NULL is an error. */
import type { Expression } from "../language/ast.ts";
import { BOOLEAN, typeText } from "../language/types.ts";
import { required, typeOfOperand, type Scope, type Typed, type Type } from "./typed.ts";

export function like(expression: Expression & { kind: "like" }, scope: Scope, typed: Type): Typed {
  const operand = typed(expression.operand);
  const pattern = typed(expression.pattern);
  for (const [part, at] of [
    [operand, expression.operand.at],
    [pattern, expression.pattern.at],
  ] as const) {
    const type = typeOfOperand(part, at, scope.refuse);
    if (type.base !== "STRING") scope.refuse(at, `LIKE takes STRING, this is ${typeText(type)}`, "type");
  }
  const { escape, negated } = expression;
  if (escape !== null && !/^[^\\'\r\n]$/.test(escape)) {
    scope.refuse(expression.at, "ESCAPE takes one character, none of \\ and ', which ksqlDB does not compile");
  }
  const expressions = new Map<string, RegExp>();
  const regularExpression = (text: string): RegExp => {
    let compiled = expressions.get(text);
    if (compiled === undefined) {
      if (expressions.size >= 1000) expressions.clear();
      expressions.set(text, (compiled = compile(text, escape)));
    }
    return compiled;
  };
  return {
    type: BOOLEAN,
    guarded: operand.guarded || pattern.guarded,
    evaluate: (row, log) => {
      const value = operand.evaluate(row, log);
      const wanted = required(pattern.evaluate(row, log)) as string;
      return regularExpression(wanted).test(required(value) as string) !== negated;
    },
  };
}

const anyCharacter = "[^\\n\\r\\u0085\\u2028\\u2029]";

function compile(pattern: string, escape: string | null): RegExp {
  let source = "";
  let escaped = false;
  for (const character of pattern) {
    if (!escaped && character === escape) escaped = true;
    else {
      if (!escaped && character === "%") source += `${anyCharacter}*`;
      else if (!escaped && character === "_") source += anyCharacter;
      else source += character.replace(/[\\^$.*+?()[\]{}|/]/, "\\$&");
      escaped = false;
    }
  }
  if (escaped) throw new Error("LIKE pattern must not end with escape character");
  return new RegExp(`^${source}$`, "u");
}
