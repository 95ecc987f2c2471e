/** Where a stack's state is, and how Terraform is initialised for it. */
import { copyFileSync, existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { secret, UserError } from "../../program/command.ts";
import type { Synthesis } from "./synth.ts";
import { terraform } from "./terraform.ts";

/** The versions and checksums of the providers; kept in the project, so that it can be committed. */
const lockFile = ".terraform.lock.hcl";

/** The file of a state that is in no bucket. */
export function localState(prefix: string): string {
  return `${prefix}.tfstate`;
}

/**
 * Prepares a stack's folder: providers, backend. `talk` shows Terraform's output, which is otherwise shown only if it fails.
 * Throws UserError if the state is in a file and should be in a bucket: a second platform would be created.
 */
export async function init(
  { config, dir }: Pick<Synthesis, "config" | "dir">,
  output: "talk" | "answer",
): Promise<void> {
  const { stateBucket, prefix } = config;
  const local = localState(prefix);
  if (stateBucket !== undefined && existsSync(local))
    throw new UserError(
      `${local} exists, and STATE_BUCKET names ${stateBucket}: npm run bootstrap moves the state there.`,
    );
  if (stateBucket === undefined) refuseSecondState(local);
  await initFolder(dir, output);
}

/** The same for any folder. */
export async function initFolder(dir: string, output: "talk" | "answer", ...more: string[]): Promise<void> {
  if (existsSync(lockFile)) copyFileSync(lockFile, join(dir, lockFile));
  await terraform(dir, ["init", "-input=false", ...more], {}, output);
  if (existsSync(join(dir, lockFile))) copyFileSync(join(dir, lockFile), lockFile);
}

/** If buckets were created from here and none is named, the state is in one of them: a second platform would be created. */
function refuseSecondState(local: string): void {
  if (existsSync(local)) return;
  const buckets = readdirSync(".").filter((file) => /^bucket-.+\.tfstate$/.test(file) && isFilled(file));
  if (buckets.length === 0) return;
  const names = buckets.map((file) => file.slice("bucket-".length, -".tfstate".length)).join(" or ");
  throw new UserError(
    `there is no ${local}, and ${buckets.join(", ")} shows that states are kept in ${names}: set STATE_BUCKET to that in .env.`,
  );
}

/** Whether a state has something in it: one of a bucket that could not be made has not. */
function isFilled(file: string): boolean {
  return ((JSON.parse(readFileSync(file, "utf8") || "{}") as { resources?: unknown[] }).resources ?? []).length > 0;
}

interface Output {
  readonly value: string;
  readonly sensitive: boolean;
}

/** The outputs of a stack that was deployed. Throws UserError if it was not. */
export async function readOutputs({ config, dir }: Synthesis): Promise<ReadonlyMap<string, string>> {
  const { stateBucket, prefix, environment } = config;
  if (stateBucket === undefined && !existsSync(localState(prefix))) {
    refuseSecondState(localState(prefix));
    throw notDeployed(environment);
  }
  await init({ config, dir }, "answer");
  const outputs = await outputsOf(dir);
  if (outputs.size === 0) throw notDeployed(environment);
  return outputs;
}

/** The outputs in the state of an initialised folder; none if nothing was deployed. */
export async function outputsOf(dir: string): Promise<ReadonlyMap<string, string>> {
  const outputs = Object.entries(
    JSON.parse(await terraform(dir, ["output", "-json"], {}, "answer")) as Record<string, Output>,
  );
  for (const [, { value, sensitive }] of outputs) if (sensitive) secret(value);
  return new Map(outputs.map(([name, { value }]) => [name, value]));
}

function notDeployed(environment: string): UserError {
  return new UserError(`the environment ${environment} is not deployed: npm run deploy creates it.`);
}
