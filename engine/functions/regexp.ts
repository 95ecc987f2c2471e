/**
 * Java's regular expressions in JavaScript: those of a small syntax whose meaning is the same, or is written out here.
 * Left out are patterns that match the empty text, groups in groups, looking around, references, flags, and what Unicode
 * decides.
 */

const escape = String.raw`\\[\\[\](){}?*+|^$./dDwWstnr]`;
const member = String.raw`[^\\[\]&^\ud800-\udfff]|\\[\\[\](){}?*+|^$./\-dDwWtnr]`;
/** One character, and how often. */
const atom = String.raw`(?:[^\\[\](){}?*+|^$\ud800-\udfff]|${escape}|\[\^?(?:${member})+\])`;
const piece = String.raw`${atom}(?:(?:[?*+]|\{\d{1,3}(?:,\d{0,3})?\})\??)?`;
/** In a group one must be there, at its beginning: how the two repeat what can be empty differs. */
const solid = String.raw`(?!${atom}(?:[?*]|\{0))${piece}(?:${piece})*`;
const group = String.raw`\((?:\?:)?${solid}(?:\|${solid})*\)(?:(?:[?*+]|\{\d{1,3}(?:,\d{0,3})?\})\??)?`;
const sequence = String.raw`\^?(?:${piece}|${group})+\$?`;
const understood = new RegExp(String.raw`^${sequence}(?:\|${sequence})*$`);

/** Java's `.` and `$` know one line end more than JavaScript's; `$` is the end, or the line end before it. */
const translations: Readonly<Record<string, string>> = {
  ".": String.raw`[^\n\r\u{85}\u{2028}\u{2029}]`,
  $: String.raw`(?=(?:\r\n|(?<!\r)\n|[\r\u{85}\u{2028}\u{2029}])?(?![^]))`,
  "\\s": String.raw`[\t\n\v\f\r ]`,
};

/** Undefined for a pattern outside the subset, and for one that Java refuses. */
export function toRegExp(pattern: string): RegExp | undefined {
  if (!understood.test(pattern)) return undefined;
  const source = pattern.replace(/\[(?:\\.|[^\]])*\]|\\?[^]/gs, (token) => translations[token] ?? token);
  try {
    const expression = new RegExp(source, "gu");
    return expression.test("") ? undefined : expression;
  } catch {
    // A range from its end to its start, for example.
    return undefined;
  }
}
