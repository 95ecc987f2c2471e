/** `npm run deploy` and `npm run destroy`: Terraform on what `npm run synth` writes. */
import { readFileSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline/promises";
import { parseCommand, redact, runCommand, UsageError, UserError } from "../command.ts";
import { readEnvironment } from "../environment.ts";
import { readPlan, readTainted, type Planned } from "./planned.ts";
import { synthesise } from "./synth.ts";
import { init, readVariables, terraform } from "./terraform.ts";

const help = `npm run deploy [-- --plan] [--yes] [--replace ADDRESS]… [--no-refresh]
npm run destroy [-- --plan] [--yes]

  deploy    Makes the environment that TAPELINE_ENVIRONMENT names what the files say: shows what will change, asks, and does
            it. After a failure, or Ctrl-C, the same command goes on.
  destroy   Deletes it: shows what will be deleted, and asks.

Where PROTECTION is on both refuse to delete what holds data, with nothing touched. To do it all the same: PROTECTION=off npm
run deploy, and then the command with PROTECTION=off.

  --plan      Shows what would change, and changes nothing.
  --yes       Does not ask.
  --replace   Makes this resource anew, as a key that has leaked: SECURITY.md has the addresses.
  --no-refresh
              Plans by the state alone. For when the key is dead with which topics and schemas are read: SECURITY.md.

Credentials are those of docs/cloud.md, from .env or the environment. Exit codes: 0 done; 1 refused or failed; 2 a command
line not understood.
`;

/** In the stack's folder, while it runs: it holds secrets. */
const planFile = "tapeline.plan";

await runCommand(async () => {
  const { values, positionals } = parseCommand({
    plan: { type: "boolean" },
    yes: { type: "boolean" },
    replace: { type: "string", multiple: true },
    "no-refresh": { type: "boolean" },
  });
  const [command, ...more] = positionals;
  if (values.help) return void process.stdout.write(help);
  if ((command !== "apply" && command !== "destroy") || more.length > 0)
    throw new UsageError(`${more[0] ?? command} is one word too many. Try --help.`);
  const { replace = [], "no-refresh": isBlind = false } = values;
  if (["plan", "replace", "refresh"].some((name) => process.env[`npm_config_${name}`] !== undefined))
    throw new UsageError("npm took an option for itself: write -- before it, as in npm run deploy -- --plan.");
  if (command === "destroy" && (replace.length > 0 || isBlind))
    throw new UsageError("--replace and --no-refresh are for deploy.");
  const environment = readEnvironment();
  const synthesis = synthesise(environment, command === "destroy" ? "unchecked" : "checked");
  const variables = readVariables(environment, synthesis);
  const { dir, config } = synthesis;
  await init(synthesis, "talk");
  const began = Date.now();
  try {
    const what = [
      ...(command === "destroy" ? ["-destroy"] : []),
      ...(isBlind ? ["-refresh=false"] : []),
      ...replace.map((address) => `-replace=${address}`),
    ];
    if (command === "apply") await untaint(dir, config.isProtected, values.plan === true);
    await terraform(dir, ["plan", "-input=false", `-out=${planFile}`, ...what], variables, "talk");
    const planned = await readPlan(dir, planFile);
    refuse(planned, replace, config.isProtected);
    if (values.plan || planned.isEmpty) return;
    if (!values.yes && !(await agrees(command, config.environment))) throw new UserError("nothing was done.");
    await terraform(dir, ["apply", "-input=false", planFile], variables, "talk");
  } catch (error) {
    tellStatements(`ksqldb-${config.environment}.log`, began);
    throw error;
  } finally {
    rmSync(join(dir, planFile), { force: true });
  }
});

/** What Terraform itself lets pass, or finds out when the rest is gone. */
function refuse(
  { lost, locked, exchanged, addresses }: Planned,
  replace: readonly string[],
  isProtected: boolean,
): void {
  const unknown = replace.find((address) => !addresses.includes(address));
  if (unknown !== undefined) {
    const alike = addresses.filter((address) => address.split(".")[0] === unknown.split(".")[0]).join(", ");
    throw new UserError(
      `--replace ${unknown}: there is no such resource, and nothing was done.${alike && ` There are ${alike}.`}`,
    );
  }
  const list = (texts: readonly string[]) => texts.map((text) => `\n  ${text}`).join("");
  if (exchanged.length > 0)
    throw new UserError(
      `nothing was done: with these keys Terraform reads topics and schemas, and would be left without if this run ended early:${list(exchanged)}\nExchange them in two runs, by KEYS: SECURITY.md.`,
    );
  if (lost.length === 0) return;
  // `prevent_destroy` ends with the resource that it stands on: what is taken out of the files is not protected by it.
  if (isProtected)
    throw new UserError(
      `nothing was done: this would delete data, and PROTECTION is on:${list(lost)}\nTake the change back, or write down in the files what somebody changed by hand. Or, to do it all the same: PROTECTION=off npm run deploy without the change, and then with it.`,
    );
  // The services' own protections speak last, when half of the rest is gone.
  if (locked.length > 0)
    throw new UserError(
      `nothing was done: these are still protected:${list(locked)}\nRun PROTECTION=off npm run deploy first, as it was deployed, and then this again with PROTECTION=off.`,
    );
  process.stderr.write(`\nThis deletes data:${list(lost)}\n`);
}

/**
 * Ctrl-C while a cluster is being made leaves it to be deleted and made anew, which its protection refuses for ever. It is
 * there, and is taken as it is.
 */
async function untaint(dir: string, isProtected: boolean, isPlan: boolean): Promise<void> {
  for (const address of await readTainted(dir, isProtected)) {
    process.stderr.write(
      `${address} was being made when the last run ended: npm run deploy takes it as it is${isPlan ? ", which this plan does not yet" : ""}.\n`,
    );
    if (!isPlan) await terraform(dir, ["untaint", address], {}, "answer");
  }
}

async function agrees(command: "apply" | "destroy", environment: string): Promise<boolean> {
  const question = `\n${command === "destroy" ? "Delete" : "Change"} the environment ${environment} so? Only yes does it: `;
  const asking = createInterface({ input: process.stdin, output: process.stderr });
  try {
    // Without an answer the input has ended.
    const ended = new Promise<string>((resolve) => asking.once("close", () => resolve("")));
    return (await Promise.race([asking.question(question), ended])) === "yes";
  } finally {
    asking.close();
  }
}

/** Terraform shows nothing of what a program says that is given secrets. */
function tellStatements(report: string, since: number): void {
  const { mtimeMs = 0 } = statSync(report, { throwIfNoEntry: false }) ?? {};
  if (mtimeMs < since) return;
  const lines = readFileSync(report, "utf8").trimEnd().split("\n").slice(-40);
  process.stderr.write(
    redact(`\n${report}, where npm run ksqldb tells of the statements, ends with:\n${lines.join("\n")}\n\n`),
  );
}
