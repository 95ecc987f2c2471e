/** What a policy looks at, and how it reports. */
import type { InfraConfig } from "../stack/config.ts";

export type Body = Readonly<Record<string, unknown>>;

/** A synthesised stack, as `cdk.tf.json` has it. */
export interface Stack {
  readonly resource: Readonly<Record<string, Readonly<Record<string, Body>>>>;
  readonly data?: Readonly<Record<string, Readonly<Record<string, Body>>>>;
  readonly output?: Readonly<Record<string, Body>>;
  readonly variable?: Readonly<Record<string, Body>>;
  readonly provider?: Readonly<Record<string, readonly Body[]>>;
}

/** What is wrong, why, and the fix; nothing if all is well. */
export type Told = (string | false | undefined)[];

export type Rule = (element: {
  readonly type: string;
  readonly body: Body;
  readonly config: InfraConfig;
  readonly stack: Stack;
}) => Told;

/** A value as text; empty if it is not one. */
export function textOf(value: unknown): string {
  return typeof value === "string" ? value : "";
}
