/** Literals of which both engines make the same value. */
import type { Source } from "./source.ts";
import type { Literal } from "./syntax.ts";

/** Digits before and after the point that both engines hold: BIGNUMERIC is DECIMAL(38, 18) in DuckDB. */
const digits = { NUMERIC: [29, 9], BIGNUMERIC: [20, 18] } as const;

export function checkLiteral(source: Source, { at, type, last }: Literal): void {
  if (type !== "NUMERIC" && type !== "BIGNUMERIC" && type !== "TIMESTAMP") return;
  const text = last.text.slice(1, -1);
  if (type === "TIMESTAMP") {
    if (!/^\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d(\.\d{1,6})?(\+00(:00)?|Z)$/.test(text)) {
      source.refuse(
        at,
        `the engines do not read TIMESTAMP '${text}' alike for certain: write it in UTC, as TIMESTAMP '2016-05-12 15:04:59.123456+00'`,
      );
    }
    return;
  }
  const [whole, fraction] = digits[type];
  const [, before, after = ""] = /^[-+]?(\d+)(?:\.(\d+))?$/.exec(text) ?? [];
  if (before === undefined || before.length > whole || after.length > fraction) {
    source.refuse(
      at,
      `${type} '${text}' must be written with at most ${whole} digits before the point and ${fraction} after it, which both engines hold`,
    );
  }
}
