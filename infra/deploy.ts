/** `npm run deploy` and `npm run destroy`: Terraform on what `npm run synth` writes. */
import { readFileSync, statSync } from "node:fs";
import { parseCommand, redact, runCommand, UsageError } from "../command.ts";
import { readEnvironment } from "../environment.ts";
import { synthesise } from "./synth.ts";
import { init, readVariables, terraform } from "./terraform.ts";

const help = `npm run deploy [-- --plan] [--yes] [--replace ADDRESS]…
npm run destroy [-- --yes]

  deploy    Makes the environment that TAPELINE_ENVIRONMENT names what the files say: shows what will change, asks, and does
            it. After a failure, or Ctrl-C, the same command goes on.
  destroy   Deletes it: shows what will be deleted, and asks. What holds data is refused where PROTECTION is on: then run
            PROTECTION=off npm run deploy first, and PROTECTION=off npm run destroy.

  --plan      Shows what would change, and changes nothing.
  --yes       Does not ask.
  --replace   Deletes this resource and makes it anew, as a key that is to be rotated: SECURITY.md has the addresses.

Credentials are those of docs/cloud.md, from .env or the environment. Exit codes: 0 done; 1 refused or failed; 2 a command
line not understood.
`;

await runCommand(async () => {
  const { values, positionals } = parseCommand({
    plan: { type: "boolean" },
    yes: { type: "boolean" },
    replace: { type: "string", multiple: true },
  });
  const [command, ...more] = positionals;
  if (values.help) return void process.stdout.write(help);
  if ((command !== "apply" && command !== "destroy") || more.length > 0)
    throw new UsageError(`${more[0] ?? command} is one word too many. Try --help.`);
  if (command === "destroy" && values.replace !== undefined)
    throw new UsageError("--replace is for deploy: destroy deletes everything.");
  const environment = readEnvironment();
  const synthesis = synthesise(environment);
  const variables = readVariables(environment, synthesis);
  const { dir, config } = synthesis;
  const replaced = (values.replace ?? []).map((address) => `-replace=${address}`);
  const plan = command === "destroy" ? ["plan", "-destroy"] : ["plan"];
  const act = values.yes ? [command, "-auto-approve"] : [command];
  await init(dir);
  const began = Date.now();
  try {
    await terraform(dir, [...(values.plan ? plan : act), ...replaced], variables, "talk");
  } catch (error) {
    tellStatements(`ksqldb-${config.environment}.log`, began);
    throw error;
  }
});

/** Terraform shows nothing of what a program says that is given secrets. */
function tellStatements(report: string, since: number): void {
  const { mtimeMs = 0 } = statSync(report, { throwIfNoEntry: false }) ?? {};
  if (mtimeMs < since) return;
  const lines = readFileSync(report, "utf8").trimEnd().split("\n").slice(-40);
  process.stderr.write(
    redact(`\n${report}, where npm run ksqldb tells of the statements, ends with:\n${lines.join("\n")}\n\n`),
  );
}
