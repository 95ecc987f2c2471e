/** Runs Terraform in a stack's folder, with what the environment says as its variables. */
import { spawn } from "node:child_process";
import { redact, UserError } from "../../program/command.ts";
import { oldestTerraform } from "../stack/terraform-version.ts";

export type Variables = Readonly<Record<string, string>>;

/** A program by the name that CDKTF's own command line takes for it: OpenTofu's is tofu. */
const program = () => process.env["TERRAFORM_BINARY_NAME"] || "terraform";

/** Fixes for failures where Terraform's own advice would do harm, or does not know this project. DIR is the stack's folder. */
const fixes: readonly [RegExp, string][] = [
  [
    /Instance cannot be destroyed/,
    "PROTECTION is on, and what holds data would be deleted. Revert the change; or, if the data may be lost: PROTECTION=off npm run deploy without the change, and then with it.",
  ],
  [
    /reading (Kafka|Schema|Subject)[^]*401 Unauthorized/,
    "The manager's key, with which Terraform reads topics and schemas, is gone: SECURITY.md says how to create another.",
  ],
  [
    /Error acquiring the state lock[^]*Lock Info/,
    "Another run is in progress, or one was cut off. If no one is deploying: terraform -chdir=DIR force-unlock <the lock's ID>.",
  ],
  [
    /Backend configuration changed/,
    "STATE_BUCKET differs from the last run: name the old one again. Never use -reconfigure, which starts without a state.",
  ],
];

/**
 * Runs a Terraform command. Its output is shown or, with `answer`, returned. Throws UserError if it fails; Terraform has printed
 * the reason. Terraform handles Ctrl-C itself: the first ends in order, the second at once.
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
    // The output of other commands may be a state, whose secrets are not known here.
    if (command === "init") process.stderr.write(redact(text));
    const fix = fixes.find(([words]) => words.test(errors))?.[1].replace("DIR", dir);
    throw new UserError([`${program()} ${command} failed.`, fix].join(" ").trim());
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    throw new UserError(
      `${program()} is not on PATH: install Terraform ${oldestTerraform} or newer (https://developer.hashicorp.com/terraform/install), or OpenTofu with TERRAFORM_BINARY_NAME=tofu.`,
      { cause: error },
    );
  } finally {
    process.off("SIGINT", wait).off("SIGTERM", pass).off("SIGHUP", pass);
  }
}
