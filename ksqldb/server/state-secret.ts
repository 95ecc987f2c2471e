/**
 * The secret of an API key from the state that Terraform keeps of it. A resource that passed it to this program on
 * destruction would have to hold it, and Terraform shows in its plans what such a resource holds.
 */
import { spawnSync } from "node:child_process";
import { secret, UserError } from "../../program/command.ts";

interface State {
  readonly resources?: readonly {
    readonly type: string;
    readonly instances: readonly { readonly attributes: { readonly id?: string; readonly secret?: string } }[];
  }[];
}

/** How often a state is read that is empty or cut off, and after which pause in milliseconds. */
const [attempts, pause] = [5, 200];

/**
 * Undefined if the state has no such key, null if there is no state. `dir`: a stack's folder, where Terraform runs. While it
 * applies a plan, Terraform rewrites a local state in place at every change: what is found empty or cut off is read again.
 */
export function secretOf(key: string, dir: string): string | undefined | null {
  const program = process.env["TERRAFORM_BINARY_NAME"] || "terraform";
  // Arguments that are meant for other commands of Terraform's stand there.
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith("TF_CLI_ARGS")));
  const args = [`-chdir=${dir}`, "state", "pull"];
  for (let attempt = 1; ; attempt++) {
    const { status, stdout, stderr, error } = spawnSync(program, args, { env, encoding: "utf8", maxBuffer: 2 ** 30 });
    const isLast = attempt === attempts || error !== undefined;
    if (isLast && status !== 0)
      throw new UserError(`${program} cannot read the state of ${dir}: ${error?.message ?? stderr.trim()}`);
    const { resources = [] } = (status === 0 ? JSON.parse(stdout || "{}") : {}) as State;
    if (resources.length > 0) {
      const keys = resources.filter(({ type }) => type === "confluent_api_key").flatMap(({ instances }) => instances);
      const found = keys.find(({ attributes: { id } }) => id === key)?.attributes.secret;
      return found === undefined ? undefined : secret(found);
    }
    if (isLast) return null;
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, pause);
  }
}
