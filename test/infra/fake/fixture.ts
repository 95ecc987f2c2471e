/** What the fakes know of the real providers: names, types and flags, which `providers.json` holds in short. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Value } from "./values.ts";

export type Type =
  | "string"
  | "number"
  | "bool"
  | readonly ["list" | "set" | "map", Type]
  | readonly ["object", Readonly<Record<string, Type>>];

export interface Attribute {
  readonly type: Type;
  readonly required: boolean;
  readonly optional: boolean;
  readonly computed: boolean;
  readonly sensitive: boolean;
  /** Neither in plans nor in states. */
  readonly writeOnly: boolean;
  /** A change replaces the resource. */
  readonly forceNew: boolean;
  readonly default: Value;
  /** Of a list. */
  readonly max: number;
}

const ruleKinds = ["exactly_one_of", "at_least_one_of", "conflicts", "required_with"] as const;

/** Which arguments go together, as paths from the block: of `required_with` the first wants the second. */
export interface Rule {
  readonly kind: (typeof ruleKinds)[number];
  readonly names: readonly string[];
}

export interface Block {
  readonly nesting: "list" | "set" | "single";
  readonly min: number;
  /** 0 for any number. */
  readonly max: number;
  /** Left out, it is what the service makes of it. */
  readonly computed: boolean;
  readonly forceNew: boolean;
  /** Of the schema, if this is a resource. */
  readonly version: number;
  readonly rules: readonly Rule[];
  readonly attributes: Readonly<Record<string, Attribute>>;
  readonly blocks: Readonly<Record<string, Block>>;
}

export interface Provider {
  /** Terraform's address of it. */
  readonly source: string;
  readonly config: Block;
  readonly resources: Readonly<Record<string, Block>>;
  readonly data: Readonly<Record<string, Block>>;
}

/** Each attribute as `string required force_new`, blocks as objects; what is said of a block itself stands under "". */
export interface ShortBlock {
  readonly [name: string]: string | ShortBlock;
}

export interface ShortProvider {
  readonly source: string;
  readonly provider: ShortBlock;
  readonly resources: Readonly<Record<string, ShortBlock>>;
  readonly data: Readonly<Record<string, ShortBlock>>;
}

export type ProviderName = "confluent" | "google";

export const fixtureFile = join(import.meta.dirname, "providers.json");

/** Reads what is known of a provider. */
export function readFixture(name: ProviderName): Provider {
  const short = (JSON.parse(readFileSync(fixtureFile, "utf8")) as Record<ProviderName, ShortProvider>)[name];
  return {
    source: short.source,
    config: toBlock(short.provider),
    resources: mapValues(short.resources, toBlock),
    data: mapValues(short.data, toBlock),
  };
}

function mapValues<A, B>(from: Readonly<Record<string, A>>, map: (value: A) => B): Record<string, B> {
  return Object.fromEntries(Object.entries(from).map(([name, value]) => [name, map(value)]));
}

function toBlock({ "": head = "", ...rest }: ShortBlock): Block {
  const { words, settings } = read(head as string);
  const [attributes, blocks] = [{} as Record<string, Attribute>, {} as Record<string, Block>];
  for (const [name, inner] of Object.entries(rest)) {
    if (typeof inner === "string") attributes[name] = toAttribute(inner);
    else blocks[name] = toBlock(inner);
  }
  return {
    nesting: words.has("set") ? "set" : words.has("single") ? "single" : "list",
    min: Number(settings.get("min") ?? 0),
    max: Number(settings.get("max") ?? 0),
    computed: words.has("computed"),
    forceNew: words.has("force_new"),
    version: Number(settings.get("version") ?? 0),
    rules: head === "" ? [] : rulesOf(head as string),
    attributes,
    blocks,
  };
}

function toAttribute(short: string): Attribute {
  const { words, settings } = read(short);
  return {
    type: toType(short.split(" ")[0]!),
    required: words.has("required"),
    optional: words.has("optional"),
    computed: words.has("computed"),
    sensitive: words.has("sensitive"),
    writeOnly: words.has("write_only"),
    forceNew: words.has("force_new"),
    default: JSON.parse(settings.get("default") ?? "null") as Value,
    max: Number(settings.get("max") ?? 0),
  };
}

function rulesOf(head: string): Rule[] {
  return head.split(" ").flatMap((word) => {
    const [kind, names] = word.split("=");
    const known = ruleKinds.find((one) => one === kind);
    return known === undefined ? [] : [{ kind: known, names: names!.split("|") }];
  });
}

function read(short: string): { words: ReadonlySet<string>; settings: ReadonlyMap<string, string> } {
  const words = short.split(" ");
  return { words: new Set(words), settings: new Map(words.map((word) => word.split("=") as [string, string])) };
}

function toType(short: string): Type {
  const [, outer, inner] = /^(\w+)\((.*)\)$/.exec(short) ?? [];
  if (inner === undefined) return short as Type;
  if (outer !== "object") return [outer as "list", toType(inner)];
  const fields = inner.split(",").map((field) => field.split(":") as [string, string]);
  return ["object", mapValues(Object.fromEntries(fields), toType)];
}
