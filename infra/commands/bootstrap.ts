/** `npm run bootstrap`: creates the bucket that keeps Terraform's state. */
import { existsSync, renameSync } from "node:fs";
import { resolve } from "node:path";
import { GoogleProvider } from "@cdktf/provider-google/lib/provider/index.js";
import { StorageBucket } from "@cdktf/provider-google/lib/storage-bucket/index.js";
import { LocalBackend, TerraformStack, TerraformVariable } from "cdktf";
import { UserError } from "../../program/command.ts";
import { command } from "../../program/command-line.ts";
import { readEnvironment } from "../../program/environment.ts";
import { infraVariables, readInfraConfig } from "../stack/config.ts";
import { synthesise, write, type Synthesis } from "../terraform/synth.ts";
import { initFolder, localState } from "../terraform/state.ts";
import { requiredVersion } from "../stack/terraform-version.ts";
import { terraform } from "../terraform/terraform.ts";

const declaration = {
  usage: "npm run bootstrap [-- --yes]",
  about: `
Creates the bucket of Google Cloud Storage that STATE_BUCKET names, in CONFLUENT_REGION: with versions of every state, and
closed to the public. Once for a team; npm run deploy keeps its state there from then on. The state of the environment that
TAPELINE_ENVIRONMENT names is moved there, if it is in a file here.`,
  options: { yes: { doc: "Does not ask." } },
} as const;

await command(declaration, async ({ yes: isAgreed }) => {
  const environment = readEnvironment();
  const { stateBucket, region } = readInfraConfig(environment);
  const project = process.env["TF_VAR_google_project"] || environment.required(infraVariables, "GOOGLE_PROJECT");
  environment.check();
  if (stateBucket === undefined)
    throw new UserError("STATE_BUCKET is not set: the bucket's name, such as acme-tapeline-state.");

  const dir = write((app) => {
    const stack = new TerraformStack(app, "tapeline-state");
    stack.addOverride(...requiredVersion);
    new LocalBackend(stack, { path: `../../../bucket-${stateBucket}.tfstate` });
    const id = new TerraformVariable(stack, "google_project", { type: "string" }).stringValue;
    new GoogleProvider(stack, "google", { project: id, region });
    new StorageBucket(stack, "state", {
      name: stateBucket,
      location: region,
      uniformBucketLevelAccess: true,
      publicAccessPrevention: "enforced",
      versioning: { enabled: true },
      labels: { app: "tapeline", environment: "all" },
      // The location does not matter to a state: another environment may be in another region.
      lifecycle: { preventDestroy: true, ignoreChanges: ["location"] },
    });
    return stack;
  });
  const synthesis = synthesise(readEnvironment(), "unchecked");
  const { config } = synthesis;
  // A bucket that exists, perhaps created from another clone, is used as it is.
  if (!existsSync(localState(config.prefix)) || !(await isReached(synthesis.dir))) {
    // Each bucket's own state is another file, of which Terraform would ask whether it moved.
    await initFolder(dir, "talk", "-reconfigure");
    const yes = isAgreed ? ["-auto-approve"] : [];
    await terraform(dir, ["apply", ...yes], { TF_VAR_google_project: project }, "talk");
  }
  await moveState(synthesis);
});

async function isReached(dir: string): Promise<boolean> {
  try {
    await initFolder(dir, "answer", "-reconfigure");
    return true;
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    process.stderr.write("The bucket does not exist, or cannot be reached: creating it.\n");
    return false;
  }
}

/** A state that is in a file here goes into the bucket; the file stays under another name. */
async function moveState({ config, dir }: Synthesis): Promise<void> {
  const local = localState(config.prefix);
  if (!existsSync(local)) return;
  await initFolder(dir, "answer", "-reconfigure");
  // The init above has created an empty one if there was none.
  const { resources = [] } = JSON.parse((await terraform(dir, ["state", "pull"], {}, "answer")) || "{}") as {
    resources?: unknown[];
  };
  if (resources.length > 0)
    throw new UserError(
      `${local} exists, and the bucket has a state of ${config.environment} too: find out which is right, and move the file away if it is not.`,
    );
  // By force, as that one is of another lineage.
  await terraform(dir, ["state", "push", "-force", resolve(local)], {}, "talk");
  renameSync(local, `${local}.moved`);
  process.stderr.write(
    `the state of ${config.environment} is in ${config.stateBucket}: keep STATE_BUCKET=${config.stateBucket} in .env. Delete ${local}.moved and ${local}.backup, which hold its secrets, when you have seen npm run deploy say "No changes".\n`,
  );
}
