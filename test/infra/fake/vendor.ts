/** What is particular to a provider and its service. */
import type { Block } from "./fixture.ts";
import type { Planned } from "./plan.ts";
import type { Attributes, Value } from "./values.ts";

/** What the provider or its service says no to. `whole`: these are all words, else what was being done stands before them. */
export class Refused extends Error {
  readonly whole: boolean;
  constructor(message: string, { whole = false }: { whole?: boolean } = {}) {
    super(message);
    this.whole = whole;
  }
}

export type Verb = "create" | "read" | "update" | "delete";

/** Two texts that differ in capitals only. */
export function ignoringCase(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase();
}

/** Allowed texts, their form, or a judge that says what is wrong. */
export type Check = readonly string[] | RegExp | ((value: Value) => string | undefined);

export interface Change extends Planned {
  readonly prior: Attributes | null;
  readonly config: Attributes;
}

/** A type of resources. */
export interface Kind {
  /** What the provider looks at before it asks the service, by paths such as `kafka_cluster.id`. */
  readonly checks?: Readonly<Record<string, Check>>;
  /** Texts that mean the same, by path. */
  readonly means?: Readonly<Record<string, (before: string, after: string) => boolean>>;
  /** What the service never tells: it stays as Terraform has it. */
  readonly local?: readonly string[];
  /** What an interruption of the wait after a creation leaves: an object that is tainted, or one that Terraform does not know. */
  readonly waits?: "tainted" | "orphaned";
  readonly plan?: (change: Change) => void;
  /** Whether its credentials are good for that. */
  readonly authorise?: (object: Attributes, verb: Verb) => void;
  /** Answers what the service fills in, the id at least. */
  readonly create: (wanted: Attributes) => Attributes;
  readonly update?: (wanted: Attributes, prior: Attributes) => Attributes;
  /** Answers "stays" if only Terraform forgets it. */
  readonly remove?: (prior: Attributes) => "stays" | void;
  /** The object as this state knows it. */
  readonly read?: (object: Attributes, state: Attributes) => Attributes;
}

export interface Vendor {
  readonly kinds: Readonly<Record<string, Kind>>;
  readonly data: Readonly<Record<string, (config: Attributes) => Attributes>>;
  readonly configure?: (config: Attributes) => void;
  /** Beside what a kind plans. */
  readonly plan?: (change: Change, block: Block) => void;
  /** What the provider says before a refusal, as `Error creating Table`. */
  readonly error: "error" | "Error";
  readonly label: (type: string) => string;
}
