/** `npm run synth`: writes the stack of the chosen environment for Terraform. `cdktf` runs the same, by cdktf.json. */
import { command } from "../../program/command-line.ts";
import { readEnvironment } from "../../program/environment.ts";
import { synthesise } from "../terraform/synth.ts";

const declaration = {
  usage: "npm run synth [-- --hcl]",
  about: `
Writes what Terraform needs for the environment that TAPELINE_ENVIRONMENT names into cdktf.out/stacks/tapeline-<name>.
Needs no credential and no network. Refuses what is malformed, in .env and in the project. Prints the folder.`,
  options: { hcl: { doc: "Plain Terraform (cdk.tf) instead of JSON (cdk.tf.json)." } },
} as const;

await command(declaration, ({ hcl }) => {
  // As `cdktf synth --hcl` says it; an option of CDKTF's App changes the file's name only.
  if (hcl) process.env["SYNTH_HCL_OUTPUT"] = "true";
  process.stdout.write(`${synthesise(readEnvironment()).dir}\n`);
});
