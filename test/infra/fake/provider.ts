/**
 * A Terraform provider in this process: real Terraform speaks gRPC with it over a socket that `TF_REATTACH_PROVIDERS` names. The
 * fixture says what its resources look like, the vendor how they behave, and the cloud holds what was made.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { loadPackageDefinition, Server, ServerCredentials, status } from "@grpc/grpc-js";
import type { handleUnaryCall, ServiceClientConstructor } from "@grpc/grpc-js";
import { loadSync } from "@grpc/proto-loader";
import { nameOf, type Cloud, type Operation } from "./cloud.ts";
import type { Block, Provider } from "./fixture.ts";
import { conform, planChange, settle, type Path } from "./plan.ts";
import { fromDynamic, textAt, toDynamic, unknown, type Attributes, type DynamicValue } from "./values.ts";
import { complaints } from "./validation.ts";
import { Refused, type Kind, type Vendor, type Verb } from "./vendor.ts";

/** Of all requests together. */
interface Request {
  readonly type_name: string;
  readonly id: string;
  readonly config: DynamicValue;
  readonly current_state: DynamicValue;
  readonly prior_state: DynamicValue;
  readonly planned_state: DynamicValue;
  readonly raw_state: { readonly json: Uint8Array };
}

type Handler = (request: Request) => object | Promise<object>;

const definition = loadSync(join(import.meta.dirname, "tfplugin5.proto"), {
  keepCase: true,
  longs: Number,
  defaults: true,
});
const { tfplugin5 } = loadPackageDefinition(definition) as unknown as {
  tfplugin5: { Provider: ServiceClientConstructor };
};

const nestings = { single: 1, list: 2, set: 3 };

export class FakeProvider {
  readonly #fixture: Provider;
  readonly #vendor: Vendor;
  readonly #cloud: Cloud;
  readonly #server = new Server({ "grpc.max_receive_message_length": -1, "grpc.max_send_message_length": -1 });
  readonly #folder = mkdtempSync(join(tmpdir(), "tapeline-tf-"));

  constructor(fixture: Provider, vendor: Vendor, cloud: Cloud) {
    [this.#fixture, this.#vendor, this.#cloud] = [fixture, vendor, cloud];
  }

  /** Its entry in TF_REATTACH_PROVIDERS. */
  get reattach(): Record<string, object> {
    const Addr = { Network: "unix", String: this.#socket };
    // A provider under test is left alive at the end of a command.
    return { [this.#fixture.source]: { Protocol: "grpc", ProtocolVersion: 5, Pid: process.pid, Test: true, Addr } };
  }

  get #socket(): string {
    return join(this.#folder, "socket");
  }

  async start(): Promise<void> {
    const handlers: Record<string, Handler> = {
      GetSchema: () => this.#schema(),
      PrepareProviderConfig: ({ config }) => ({ prepared_config: config }),
      Configure: ({ config }) => {
        this.#vendor.configure?.(fromDynamic(config)!);
        return {};
      },
      ValidateResourceTypeConfig: ({ type_name, config }) => {
        const [block, kind] = this.#resource(type_name);
        return { diagnostics: complaints(block, kind, fromDynamic(config)!).map(diagnostic) };
      },
      ValidateDataSourceConfig: () => ({}),
      UpgradeResourceState: ({ type_name, raw_state }) => {
        const state = JSON.parse(Buffer.from(raw_state.json).toString()) as Attributes;
        return { upgraded_state: toDynamic(conform(this.#resource(type_name)[0], state)) };
      },
      PlanResourceChange: (request) => this.#plan(request),
      ApplyResourceChange: (request) => this.#apply(request),
      ReadResource: (request) => this.#read(request),
      ReadDataSource: (request) => this.#readData(request),
      ImportResourceState: ({ type_name, id }) => {
        const state = conform(this.#resource(type_name)[0], this.#cloud.find(type_name, id) ?? { id });
        return { imported_resources: [{ type_name, state: toDynamic(state) }] };
      },
      Stop: () => {
        this.#cloud.stop();
        return {};
      },
    };
    const calls = Object.entries(handlers).map(([name, handler]) => [name, answer(handler)]);
    this.#server.addService(
      tfplugin5.Provider.service,
      Object.fromEntries(calls) as Record<string, ReturnType<typeof answer>>,
    );
    const bind = promisify(this.#server.bindAsync.bind(this.#server));
    await bind(`unix:${this.#socket}`, ServerCredentials.createInsecure());
  }

  stop(): void {
    this.#server.forceShutdown();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #resource(type: string): [Block, Kind] {
    return [this.#fixture.resources[type]!, this.#vendor.kinds[type]!];
  }

  #schema(): object {
    const schemas = (blocks: Readonly<Record<string, Block>>) =>
      Object.fromEntries(Object.entries(blocks).map(([name, block]) => [name, schemaOf(block)]));
    const { config, resources, data } = this.#fixture;
    return { provider: schemaOf(config), resource_schemas: schemas(resources), data_source_schemas: schemas(data) };
  }

  #plan(request: Request): object {
    const [block, kind] = this.#resource(request.type_name);
    const [prior, config] = [fromDynamic(request.prior_state), fromDynamic(request.config)];
    if (config === null) return { planned_state: toDynamic(null), legacy_type_system: true };
    const means = (path: string, before: unknown, after: unknown) =>
      typeof before === "string" && typeof after === "string" && kind.means?.[path]?.(before, after) === true;
    const change = { ...planChange(block, config, prior, means), prior, config };
    try {
      this.#vendor.plan?.(change, block);
      kind.plan?.(change);
    } catch (error) {
      const diagnostics = [this.#refusal(error, "update", request.type_name, prior ?? {})];
      return { planned_state: toDynamic(conform(block, change.planned)), diagnostics, legacy_type_system: true };
    }
    return {
      planned_state: toDynamic(conform(block, change.planned)),
      requires_replace: change.replace.map(attributePath),
      // The SDK's providers may plan and answer other than the protocol wants: Terraform only logs it.
      legacy_type_system: true,
    };
  }

  async #apply(request: Request): Promise<object> {
    const type = request.type_name;
    const [block, kind] = this.#resource(type);
    const [prior, planned] = [fromDynamic(request.prior_state), fromDynamic(request.planned_state)];
    const verb = planned === null ? "delete" : prior === null ? "create" : "update";
    /** As it is in the cloud; what must not be in a state too. */
    const wanted = { ...planned, ...writeOnly(block, fromDynamic(request.config)) };
    const operation = { verb, type, name: nameOf(planned ?? prior!) } as const;
    let made: Attributes | null = null;
    const act = () => {
      kind.authorise?.(planned ?? prior!, verb);
      if (planned === null) return this.#delete(type, prior!);
      made = settle(block, wanted, (prior === null ? kind.create(wanted) : kind.update?.(wanted, prior)) ?? {});
      this.#cloud.put(type, made);
    };
    try {
      await this.#cloud.perform(operation, act, { waits: verb === "create" && kind.waits !== undefined });
      // What was made is read again.
      const told = made && (kind.read?.(made, made) ?? made);
      return { new_state: toDynamic(told && conform(block, told)), legacy_type_system: true };
    } catch (error) {
      const left = {
        create: kind.waits === "tainted" ? made : null,
        update: planned && settle(block, planned, {}),
        delete: prior,
      };
      return {
        new_state: toDynamic(left[verb] && conform(block, left[verb])),
        diagnostics: [this.#refusal(error, verb, type, prior ?? {})],
        legacy_type_system: true,
      };
    }
  }

  #delete(type: string, prior: Attributes): void {
    const id = textAt(prior, "id");
    // What is gone already is deleted.
    if (this.#cloud.find(type, id) !== undefined && this.#vendor.kinds[type]!.remove?.(prior) !== "stays")
      this.#cloud.delete(type, id);
  }

  async #read({ type_name: type, current_state }: Request): Promise<object> {
    const [block, kind] = this.#resource(type);
    const state = fromDynamic(current_state)!;
    try {
      const object = await this.#cloud.perform({ verb: "read", type, name: nameOf(state) }, () => {
        kind.authorise?.(state, "read");
        return this.#cloud.find(type, textAt(state, "id"));
      });
      if (object === undefined) return { new_state: toDynamic(null) };
      const told = { ...object, ...Object.fromEntries((kind.local ?? []).map((name) => [name, state[name]!])) };
      return { new_state: toDynamic(conform(block, kind.read?.(told, state) ?? told)) };
    } catch (error) {
      return { new_state: current_state, diagnostics: [this.#refusal(error, "read", type, state)] };
    }
  }

  async #readData({ type_name, config: given }: Request): Promise<object> {
    const type = `data.${type_name}`;
    const config = fromDynamic(given)!;
    const operation: Operation = { verb: "read", type, name: nameOf(config) };
    try {
      const found = await this.#cloud.perform(operation, () => this.#vendor.data[type_name]!(config));
      return { state: toDynamic(conform(this.#fixture.data[type_name]!, { ...config, ...found })) };
    } catch (error) {
      return { diagnostics: [this.#refusal(error, "read", type_name, config)] };
    }
  }

  #refusal(error: unknown, verb: Verb, type: string, object: Attributes): object {
    if (!(error instanceof Refused)) throw error;
    if (error.whole) return diagnostic(error.message);
    const doing = { create: "creating", read: "reading", update: "updating", delete: "deleting" }[verb];
    const id = textAt(object, "id");
    const what = `${this.#vendor.label(type)}${id && ` "${id}"`}`;
    return diagnostic(`${this.#vendor.error} ${doing} ${what}: ${error.message}`);
  }
}

function answer(handler: Handler): handleUnaryCall<Request, object> {
  return (call, callback) => {
    const respond = async () => {
      try {
        callback(null, await handler(call.request));
      } catch (error) {
        // A fault of the fake itself, not of what it was asked.
        callback({ code: status.INTERNAL, details: (error as Error).stack ?? "" });
      }
    };
    void respond();
  };
}

function diagnostic(summary: string): object {
  return { severity: 1, summary };
}

function attributePath(path: Path): object {
  return {
    steps: path.map((step) => (typeof step === "string" ? { attribute_name: step } : { element_key_int: step })),
  };
}

function schemaOf(block: Block): object {
  return { version: block.version, block: blockOf(block) };
}

function blockOf({ attributes, blocks }: Block): object {
  return {
    attributes: Object.entries(attributes).map(([name, { type, writeOnly: write_only, ...flags }]) => ({
      name,
      type: Buffer.from(JSON.stringify(type)),
      write_only,
      ...flags,
    })),
    block_types: Object.entries(blocks).map(([type_name, block]) => ({
      type_name,
      block: blockOf(block),
      nesting: nestings[block.nesting],
      min_items: block.min,
      max_items: block.max,
    })),
  };
}

/** They come with the configuration only. */
function writeOnly(block: Block, config: Attributes | null): Attributes {
  const given = Object.entries(config ?? {});
  return Object.fromEntries(given.filter(([name, value]) => block.attributes[name]?.writeOnly && value !== unknown));
}
