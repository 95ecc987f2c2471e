/** Terraform itself, run on a stack with fake providers in the place of the real ones. */
import { spawn, spawnSync } from "node:child_process";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { stripVTControlCharacters } from "node:util";
import { describe, it, onTestFinished } from "vitest";
import { Cloud } from "./cloud.ts";
import { confluentVendor, type ConfluentOptions } from "./confluent.ts";
import { readFixture } from "./fixture.ts";
import { googleVendor } from "./google.ts";
import { FakeProvider } from "./provider.ts";

/** As the project's commands choose it. */
const program = process.env["TERRAFORM_BINARY_NAME"] || "terraform";
const hasTerraform = spawnSync(program, ["version"]).status === 0;

/** A suite that runs Terraform; skipped by name where there is none. */
export function describeTerraform(name: string, suite: () => void): void {
  // Their commands take seconds each, and other suites run beside them.
  if (hasTerraform) describe(name, { timeout: 180_000 }, suite);
  else it.skip(`${name} (${program} is not installed)`);
}

/** Both fake providers and the cloud behind them, for the test that is running. `saved`: what is there already. */
export async function startFakes({ saved, ...options }: ConfluentOptions & { saved?: string } = {}): Promise<{
  cloud: Cloud;
  providers: FakeProvider[];
}> {
  const cloud = new Cloud(saved);
  const providers = [
    new FakeProvider(readFixture("confluent"), confluentVendor(cloud, options), cloud),
    new FakeProvider(readFixture("google"), googleVendor(cloud), cloud),
  ];
  onTestFinished(() => providers.forEach((provider) => provider.stop()));
  await Promise.all(providers.map((provider) => provider.start()));
  return { cloud, providers };
}

export interface Result {
  readonly code: number;
  /** What it said, on both outputs. */
  readonly output: string;
}

interface PlannedChange {
  readonly address: string;
  /** `["create"]`, `["update"]`, `["delete", "create"]`, `["read"]`, … */
  readonly actions: readonly string[];
  /** What makes it a replacement: `[["kafka_cluster", 0, "id"]]`. */
  readonly replace_paths: readonly (readonly (string | number)[])[];
}

export interface Plan extends Result {
  readonly changes: readonly PlannedChange[];
}

interface Options {
  readonly variables?: Readonly<Record<string, string>>;
  /** For provisioners. */
  readonly environment?: NodeJS.ProcessEnv;
}

interface ShownPlan {
  readonly resource_changes?: readonly {
    address: string;
    change: { actions: string[]; replace_paths?: (string | number)[][] };
  }[];
}

export class TerraformRun {
  readonly #folder: string;
  readonly #env: NodeJS.ProcessEnv;

  /** `folder` holds the stack as `cdk.tf.json` or `main.tf.json`; its state is there too, if the stack names no backend. */
  constructor(folder: string, providers: readonly FakeProvider[], { variables = {}, environment = {} }: Options = {}) {
    this.#folder = folder;
    const foreign = Object.entries(process.env).filter(([name]) => !name.startsWith("TF_"));
    this.#env = {
      ...Object.fromEntries(foreign),
      ...environment,
      ...Object.fromEntries(Object.entries(variables).map(([name, value]) => [`TF_VAR_${name}`, value])),
      TF_REATTACH_PROVIDERS: JSON.stringify(Object.assign({}, ...providers.map(({ reattach }) => reattach))),
      TF_DATA_DIR: join(folder, ".terraform"),
      TF_IN_AUTOMATION: "1",
      CHECKPOINT_DISABLE: "1",
    };
  }

  init(): Promise<Result> {
    return this.#run(["init", "-input=false"]);
  }

  validate(): Promise<Result> {
    return this.#run(["validate"]);
  }

  /** Its code is 2 if there are changes; `changes` has all but what stays as it is. */
  async plan(...args: string[]): Promise<Plan> {
    const result = await this.#run(["plan", "-input=false", "-detailed-exitcode", "-out=plan", ...args]);
    if (result.code === 1) return { ...result, changes: [] };
    const { output } = await this.#run(["show", "-json", "plan"]);
    const { resource_changes = [] } = JSON.parse(output) as ShownPlan;
    const changes = resource_changes
      .map(({ address, change: { actions, replace_paths = [] } }) => ({ address, actions, replace_paths }))
      .filter(({ actions }) => actions[0] !== "no-op");
    return { ...result, changes };
  }

  /** `interrupt`: sends SIGINT then, as Ctrl-C does. */
  apply({ interrupt }: { interrupt?: Promise<unknown> } = {}): Promise<Result> {
    return this.#run(["apply", "-input=false", "-auto-approve"], interrupt);
  }

  destroy({ interrupt }: { interrupt?: Promise<unknown> } = {}): Promise<Result> {
    return this.#run(["destroy", "-input=false", "-auto-approve"], interrupt);
  }

  /** The stack's outputs by name. */
  async output(): Promise<Record<string, unknown>> {
    const { output } = await this.#run(["output", "-json"]);
    const values = Object.entries(JSON.parse(output) as Record<string, { value: unknown }>);
    return Object.fromEntries(values.map(([name, { value }]) => [name, value]));
  }

  /** Any other command, such as `state list` or `import`. */
  command(...args: string[]): Promise<Result> {
    return this.#run(args);
  }

  async #run(args: readonly string[], interrupt?: Promise<unknown>): Promise<Result> {
    const child = spawn(program, args, { cwd: this.#folder, env: this.#env });
    const ended = new Promise<number>((resolve, reject) => {
      child.once("error", reject).once("close", (code) => resolve(code ?? 1));
    });
    void interrupt?.then(() => child.kill("SIGINT"));
    const [code, out, err] = await Promise.all([ended, text(child.stdout), text(child.stderr)]);
    return { code, output: stripVTControlCharacters(out + err) };
  }
}
