/** What a person may set, as an option or as a variable: its form, its default and what it is for, declared once. */
import { secret as hide, shown } from "./command.ts";

export interface Form<T> {
  /** Completes "… is expected". */
  readonly expected: string;
  /** The value of a text; calls `wrong` with the part that does not have the form. */
  readonly parse: (text: string, wrong: (part: string) => undefined) => T | undefined;
}

export interface Setting<T = unknown> {
  readonly form: Form<T>;
  /** The text that counts where none is given. */
  readonly default?: string;
  /** One line. */
  readonly doc: string;
}

export type ValueOf<S> = S extends { form: Form<infer T> }
  ? S extends { default: string }
    ? T
    : T | undefined
  : never;

/** The value of a setting that was given as `text`, or was not; `fault` gets what is wrong with it, never a secret. */
export function valueOf<S extends Setting>(
  name: string,
  setting: S,
  text: string | undefined,
  fault: (text: string) => void,
): ValueOf<S> {
  const { form, default: usual } = setting;
  const given = text ?? usual;
  const wrong = (part: string): undefined => {
    fault(`${name} is ${shown(part)}: ${form.expected} is expected`);
  };
  return (given === undefined ? undefined : form.parse(given, wrong)) as ValueOf<S>;
}

export const anyText: Form<string> = { expected: "a text", parse: (given) => given };

/** A text that is never printed. */
export const secretText: Form<string> = { expected: "a secret", parse: hide };

export const choice = <const T extends string>(...choices: readonly T[]): Form<T> => ({
  expected: `one of ${choices.join(", ")}`,
  parse: (given, wrong) => choices.find((one) => one === given) ?? wrong(given),
});

export const shaped = (shape: RegExp, expected: string): Form<string> => ({
  expected,
  parse: (given, wrong) => (shape.test(given) ? given : wrong(given)),
});

export const whole = (least: number, most: number): Form<number> => ({
  expected: `a whole number from ${least} to ${most}`,
  parse: (given, wrong) =>
    /^\d{1,10}$/.test(given) && Number(given) >= least && Number(given) <= most ? Number(given) : wrong(given),
});

/** The longest duration: 24 days, as long as a timer can wait, in milliseconds. */
export const longestMs = 24 * 24 * 3_600_000;

/** Milliseconds. */
export const duration = (least = 0): Form<number> => ({
  expected: `a duration such as 500ms, 30s, 5m or 1h, ${least > 0 ? "above zero and " : ""}of at most 24 days,`,
  parse: (given, wrong) => {
    const [, number, unit = ""] = /^(\d+(?:\.\d+)?)(ms|s|m|h)$/.exec(given) ?? [];
    const ms = Number(number) * ({ ms: 1, s: 1000, m: 60_000, h: 3_600_000 }[unit] ?? NaN);
    return ms >= least && ms <= longestMs ? ms : wrong(given);
  },
});

/** Different values, separated by commas. */
export const list = <T>({ expected, parse }: Form<T>): Form<readonly T[]> => ({
  expected,
  parse: (given, wrong) => {
    const parts = given.split(",").map((part) => part.trim());
    if (parts.every((part) => part === "")) return wrong("empty");
    return [...new Set(parts.flatMap((part) => (part === "" ? [] : (parse(part, wrong) ?? []))))];
  },
});

/** A number as people read it; with `what` a quantity, as "1 row" or "1,204 rows". */
export function count(number: number, what?: string): string {
  const digits = number.toLocaleString("en-US");
  return what === undefined ? digits : `${digits} ${what}${number === 1 ? "" : "s"}`;
}
