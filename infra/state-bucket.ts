/** `npm run bootstrap`: the bucket that keeps Terraform's state, before there is anything to keep. */
import { GoogleProvider } from "@cdktf/provider-google/lib/provider/index.js";
import { StorageBucket } from "@cdktf/provider-google/lib/storage-bucket/index.js";
import { LocalBackend, TerraformStack, TerraformVariable } from "cdktf";
import { parseCommand, runCommand, UsageError, UserError } from "../command.ts";
import { readEnvironment } from "../environment.ts";
import { readInfraConfig } from "./config.ts";
import { write } from "./synth.ts";
import { init, terraform } from "./terraform.ts";

const help = `npm run bootstrap [-- --yes]

Creates the bucket of Google Cloud Storage that STATE_BUCKET names, in CONFLUENT_REGION: with versions of every state, and
closed to the public. Once for a team; npm run deploy keeps its state there from then on.

  --yes   Does not ask.
`;

await runCommand(async () => {
  const { values, positionals } = parseCommand({ yes: { type: "boolean" } });
  if (values.help) return void process.stdout.write(help);
  if (positionals.length > 0) throw new UsageError(`${positionals[0]} is one word too many. Try --help.`);
  const environment = readEnvironment();
  const { stateBucket, region } = readInfraConfig(environment);
  const project =
    process.env["TF_VAR_google_project"] || environment.required("GOOGLE_PROJECT", "the id of a Google Cloud project");
  environment.check();
  if (stateBucket === undefined)
    throw new UserError("STATE_BUCKET is not set: the bucket's name, as acme-tapeline-state.");

  const dir = write((app) => {
    const stack = new TerraformStack(app, "tapeline-state");
    new LocalBackend(stack, { path: "../../../tapeline-state.tfstate" });
    const id = new TerraformVariable(stack, "google_project", { type: "string" }).stringValue;
    new GoogleProvider(stack, "google", { project: id, region });
    new StorageBucket(stack, "state", {
      name: stateBucket,
      location: region,
      uniformBucketLevelAccess: true,
      publicAccessPrevention: "enforced",
      versioning: { enabled: true },
      labels: { app: "tapeline", environment: "all" },
      lifecycle: { preventDestroy: true },
    });
    return stack;
  });
  await init(dir);
  await terraform(dir, ["apply", ...(values.yes ? ["-auto-approve"] : [])], { TF_VAR_google_project: project }, "talk");
});
