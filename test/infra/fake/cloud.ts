/**
 * The far end of the fake providers: objects by type and id, as attributes, which outlive Terraform's commands. A test may look
 * at them, change them behind Terraform's back, see in order what was done, and let operations fail or hang.
 */
import { createHash } from "node:crypto";
import { EventEmitter, once } from "node:events";
import { Refused, type Verb } from "./vendor.ts";
import { textAt, type Attributes } from "./values.ts";

export interface Operation {
  readonly verb: Verb;
  /** A data source's begins with `data.` */
  readonly type: string;
  /** What a person would call the object. */
  readonly name: string;
}

export interface Hanging {
  /** Until the operation hangs. */
  readonly reached: Promise<unknown>;
  /** Lets it continue. */
  release(): void;
}

interface Fault {
  readonly on: RegExp;
  /** How many operations it lets pass before. */
  spare: number;
  readonly message?: string;
  readonly events?: EventEmitter;
}

interface Saved {
  readonly given: number;
  readonly objects: readonly (readonly [type: string, objects: readonly (readonly [id: string, Attributes])[]])[];
}

/** The first of these that an object has is its name. */
const names = [
  ["account_id"],
  ["display_name"],
  ["topic_name"],
  ["subject_name"],
  ["config_nonsensitive.name"],
  ["table_id"],
  ["routine_id"],
  ["role_name", "crn_pattern"],
  ["operation", "resource_type", "resource_name"],
  ["role", "member"],
  ["role_id"],
  ["service_account_id"],
  ["secret_id"],
  ["secret"],
  ["service"],
  ["dataset_id"],
  ["tag_name", "entity_name"],
  ["name"],
  ["project_id"],
  ["id"],
];

/** What a person would call an object. */
export function nameOf(attributes: Attributes): string {
  const known = names.find(([first]) => textAt(attributes, first!) !== "") ?? [];
  return known.map((name) => textAt(attributes, name)).join(" ");
}

export class Cloud {
  /** Everything that was done, in order of its end. */
  readonly operations: Operation[] = [];
  readonly #objects: Map<string, Map<string, Attributes>>;
  #faults: Fault[] = [];
  readonly #hanging = new Set<EventEmitter>();
  #given: number;

  /** Empty, or with all that was there when another was saved. */
  constructor(saved = '{"given":0,"objects":[]}') {
    const { given, objects } = JSON.parse(saved) as Saved;
    this.#given = given;
    this.#objects = new Map(objects.map(([type, ofType]) => [type, new Map(ofType)]));
  }

  save(): string {
    const objects = [...this.#objects].map(([type, ofType]) => [type, [...ofType]] as const);
    return JSON.stringify({ given: this.#given, objects } satisfies Saved);
  }

  /** The changes as lines such as `create confluent_environment tapeline`. */
  get changes(): string[] {
    return this.operations.filter(({ verb }) => verb !== "read").map(lineOf);
  }

  /** All objects of a type. */
  all(type: string): Attributes[] {
    return [...(this.#objects.get(type)?.values() ?? [])];
  }

  /** The object of that id or name. */
  find(type: string, idOrName: string): Attributes | undefined {
    return this.#objects.get(type)?.get(idOrName) ?? this.all(type).find((object) => nameOf(object) === idOrName);
  }

  /** Makes an object, or puts it in the place of the one with its id. */
  put(type: string, object: Attributes): void {
    const objects = this.#objects.get(type) ?? new Map<string, Attributes>();
    this.#objects.set(type, objects.set(textAt(object, "id"), object));
  }

  /** Changes attributes of an object. */
  edit(type: string, idOrName: string, changes: Attributes): void {
    this.put(type, { ...this.get(type, idOrName), ...changes });
  }

  /** Deletes an object, and whatever names it as what it is in, or as its owner. */
  delete(type: string, idOrName: string): void {
    const id = textAt(this.get(type, idOrName), "id");
    this.#objects.get(type)!.delete(id);
    const places = [
      "environment.id",
      "kafka_cluster.id",
      "managed_resource.id",
      "schema_registry_cluster.id",
      "owner.id",
      "service_account_id",
    ];
    for (const [inner, objects] of this.#objects)
      for (const [innerId, object] of objects)
        if (objects.has(innerId) && places.some((place) => textAt(object, place) === id)) this.delete(inner, innerId);
  }

  /** The object, or the service's 404. */
  get(type: string, idOrName: string): Attributes {
    const object = this.find(type, idOrName);
    if (object === undefined) throw new Refused(`404 Not Found: ${type} "${idOrName}" not found`);
    return object;
  }

  /** Letters and digits that no one was given before; the same in every run. */
  random(length: number, alphabet = "abcdefghijkmnopqrstuvwxyz0123456789"): string {
    const digest = createHash("sha512")
      .update(String(this.#given++))
      .digest();
    return Array.from(digest.subarray(0, length), (byte) => alphabet[byte % alphabet.length]).join("");
  }

  /** Refuses the next operation, or a later one, whose line (`create confluent_environment tapeline`) matches. */
  fail(on: RegExp, message: string, { nth = 1 } = {}): void {
    this.#faults.push({ on, spare: nth - 1, message });
  }

  /** Lets that operation hang until it is released, or Terraform is asked to stop. */
  hang(on: RegExp, { nth = 1 } = {}): Hanging {
    const events = new EventEmitter();
    this.#faults.push({ on, spare: nth - 1, events });
    return { reached: once(events, "reached"), release: () => void events.emit("released") };
  }

  /** Ends what hangs with an error. */
  stop(): void {
    for (const events of this.#hanging) events.emit("error", new Refused("context canceled"));
  }

  /** Does what a provider asks for. `waits`: the provider waits after it, which is when it hangs. */
  async perform<T>(operation: Operation, act: () => T, { waits = false } = {}): Promise<T> {
    const line = lineOf(operation);
    const fault = this.#faults.find((one) => one.on.test(line) && one.spare-- === 0);
    this.#faults = this.#faults.filter((one) => one !== fault);
    if (fault?.message !== undefined) throw new Refused(fault.message);
    if (!waits) await this.#wait(fault?.events);
    const result = act();
    this.operations.push(operation);
    if (waits) await this.#wait(fault?.events);
    return result;
  }

  async #wait(events: EventEmitter | undefined): Promise<void> {
    if (events === undefined) return;
    this.#hanging.add(events);
    const end = once(events, "released");
    events.emit("reached");
    await end.finally(() => this.#hanging.delete(events));
  }
}

function lineOf({ verb, type, name }: Operation): string {
  return `${verb} ${type} ${name}`;
}
