/** Runs Terraform in a stack's folder, with what the environment says as its variables. */
import { spawn } from "node:child_process";
import { copyFileSync, existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { redact, secret, UserError } from "../command.ts";
import type { Synthesis } from "./synth.ts";

/** The versions and checksums of the providers; kept in the project, so that it can be committed. */
const lockFile = ".terraform.lock.hcl";

export type Variables = Readonly<Record<string, string>>;

/** A program by the name that CDKTF's own command line takes for it: OpenTofu's is tofu. */
const program = () => process.env["TERRAFORM_BINARY_NAME"] || "terraform";

/**
 * Prepares a stack's folder: providers, backend. `talk` shows what Terraform says of it, which else is shown where it fails.
 * Throws UserError where the state is in a file and should be in a bucket: a second platform would be made.
 */
export async function init(
  { config, dir }: Pick<Synthesis, "config" | "dir">,
  output: "talk" | "answer",
): Promise<void> {
  const { stateBucket, prefix } = config;
  const local = localState(prefix);
  if (stateBucket !== undefined && existsSync(local))
    throw new UserError(
      `${local} is here, and STATE_BUCKET names ${stateBucket}: npm run bootstrap moves the state there.`,
    );
  if (stateBucket === undefined) refuseSecondState(local);
  await initFolder(dir, output);
}

/** Where buckets were made from here and none is named, the state is in one: a second platform would be made. */
function refuseSecondState(local: string): void {
  if (existsSync(local)) return;
  const buckets = readdirSync(".").filter((file) => /^bucket-.+\.tfstate$/.test(file) && isFilled(file));
  if (buckets.length === 0) return;
  const names = buckets.map((file) => file.slice("bucket-".length, -".tfstate".length)).join(" or ");
  throw new UserError(
    `there is no ${local}, and ${buckets.join(", ")} tells that states are kept in ${names}: write that as STATE_BUCKET into .env.`,
  );
}

/** Whether a state has something in it: one of a bucket that could not be made has not. */
function isFilled(file: string): boolean {
  return ((JSON.parse(readFileSync(file, "utf8") || "{}") as { resources?: unknown[] }).resources ?? []).length > 0;
}

/** The same for any folder. */
export async function initFolder(dir: string, output: "talk" | "answer", ...more: string[]): Promise<void> {
  if (existsSync(lockFile)) copyFileSync(lockFile, join(dir, lockFile));
  await terraform(dir, ["init", "-input=false", ...more], {}, output);
  if (existsSync(join(dir, lockFile))) copyFileSync(join(dir, lockFile), lockFile);
}

/** The file of a state that is in no bucket. */
export function localState(prefix: string): string {
  return `${prefix}.tfstate`;
}

/** What helps where Terraform says why, and its own advice would do harm or does not know this project. */
const cures: readonly [RegExp, string][] = [
  [
    /Instance cannot be destroyed/,
    "PROTECTION is on, and what holds data would be deleted. Take the change back; or, if it may be lost: PROTECTION=off npm run deploy without the change, and then with it.",
  ],
  [
    /reading (Kafka|Schema|Subject)[^]*401 Unauthorized/,
    "The manager's key is gone, with which Terraform reads topics and schemas: SECURITY.md tells how it gets another.",
  ],
  [
    /Error acquiring the state lock[^]*Lock Info/,
    "Another run is at work, or one was cut off. If nobody deploys: terraform -chdir=<the stack's folder> force-unlock <the lock's ID>.",
  ],
  [
    /Backend configuration changed/,
    "STATE_BUCKET is not what it was at the last run: name that one again. Never -reconfigure, which begins without a state.",
  ],
];

/**
 * Runs a command of Terraform's. Its output is talk, shown or, with `answer`, returned. Throws UserError where it fails: it
 * has told why. Ctrl-C is Terraform's own: the first ends in order, the second at once.
 */
export async function terraform(
  dir: string,
  args: readonly string[],
  variables: Variables,
  output: "talk" | "answer",
): Promise<string> {
  // State files hold secrets.
  process.umask(0o077);
  const [command, ...rest] = args as [string, ...string[]];
  const isPlain = output === "talk" && (!process.stdout.isTTY || process.env["NO_COLOR"]);
  const plain = isPlain && ["init", "plan", "apply"].includes(command) ? ["-no-color"] : [];
  const child = spawn(program(), [`-chdir=${dir}`, command, ...plain, ...rest], {
    env: { ...process.env, CHECKPOINT_DISABLE: "1", TF_IN_AUTOMATION: "1", ...variables },
    stdio: ["inherit", output === "answer" ? "pipe" : "inherit", "pipe"],
  });
  const wait = () => {};
  // A lost terminal ends Terraform too, and its lock stays; what holds secrets here is put away all the same.
  const pass = () => child.kill("SIGINT");
  process.on("SIGINT", wait).on("SIGTERM", pass).on("SIGHUP", pass);
  let [text, errors] = ["", ""];
  child.stdout?.setEncoding("utf8").on("data", (part: string) => (text += part));
  child.stderr!.setEncoding("utf8").on("data", (part: string) => {
    errors += part;
    process.stderr.write(redact(part));
  });
  try {
    const code = await new Promise<number | null>((resolve, reject) => {
      child.on("error", reject).on("close", resolve);
    });
    if (code === 0) return text;
    // Of other commands it may be a state, whose secrets are not known yet.
    if (command === "init") process.stderr.write(redact(text));
    const cure = cures.find(([words]) => words.test(errors))?.[1];
    throw new UserError([`${program()} ${command} failed.`, cure].join(" ").trim());
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    throw new UserError(
      `${program()} is not on PATH: install Terraform 1.5 or newer (https://developer.hashicorp.com/terraform/install), or OpenTofu with TERRAFORM_BINARY_NAME=tofu.`,
      { cause: error },
    );
  } finally {
    process.off("SIGINT", wait).off("SIGTERM", pass).off("SIGHUP", pass);
  }
}

interface Output {
  readonly value: string;
  readonly sensitive: boolean;
}

/** The outputs of a stack that was deployed. Throws UserError where it was not. */
export async function readOutputs({ config, dir }: Synthesis): Promise<ReadonlyMap<string, string>> {
  const { stateBucket, prefix, environment } = config;
  if (stateBucket === undefined && !existsSync(localState(prefix))) {
    refuseSecondState(localState(prefix));
    throw notDeployed(environment);
  }
  await init({ config, dir }, "answer");
  const outputs = Object.entries(
    JSON.parse(await terraform(dir, ["output", "-json"], {}, "answer")) as Record<string, Output>,
  );
  if (outputs.length === 0) throw notDeployed(environment);
  for (const [, { value, sensitive }] of outputs) if (sensitive) secret(value);
  return new Map(outputs.map(([name, { value }]) => [name, value]));
}

function notDeployed(environment: string): UserError {
  return new UserError(`the environment ${environment} is not deployed: npm run deploy makes it.`);
}
