/** `npm run synth`: writes the stack of the chosen environment for Terraform. `cdktf` runs the same, by cdktf.json. */
import { parseCommand, runCommand, notUnderstood } from "../../program/command.ts";
import { readEnvironment } from "../../program/environment.ts";
import { synthesise } from "../terraform/synth.ts";

const help = `npm run synth [-- --hcl]

Writes what Terraform needs for the environment that TAPELINE_ENVIRONMENT names into cdktf.out/stacks/tapeline-<name>:
without any credential, and without asking anybody. Refuses what is malformed, in .env and in the project.
Prints the folder.

  --hcl   Plain Terraform (cdk.tf) instead of JSON (cdk.tf.json).
`;

await runCommand(async () => {
  const { values, positionals } = parseCommand({ hcl: { type: "boolean" } });
  if (values.help) return void process.stdout.write(help);
  if (positionals.length > 0) throw notUnderstood(0);
  // As `cdktf synth --hcl` says it; an option of CDKTF's App changes the file's name only.
  if (values.hcl) process.env["SYNTH_HCL_OUTPUT"] = "true";
  process.stdout.write(`${synthesise(readEnvironment()).dir}\n`);
});
