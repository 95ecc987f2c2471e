/** What is wrong with a member, in words. */

const forms: Record<string, string> = {
  text: "text",
  integer: "an integer from 0 to below 2^53",
  decimal: "a decimal",
  amount: "a decimal",
  side: "buy or sell",
  time: "a time",
};

/** Of a member that is not of its form: that it is missing, or what it is not. */
export function fault(message: Readonly<Record<string, unknown>>, name: string, form: string): string {
  const value = message[name];
  const missing = value === undefined || value === null || value === "";
  return missing ? `\`${name}\` is missing` : `\`${name}\` is not ${forms[form]}`;
}
