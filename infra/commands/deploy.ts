/** `npm run deploy` and `npm run destroy`: Terraform on what `npm run synth` writes. */
import { rmSync } from "node:fs";
import { join } from "node:path";
import { agrees, UserError } from "../../program/command.ts";
import { command } from "../../program/command-line.ts";
import { anyText } from "../../program/forms.ts";
import { readEnvironment } from "../../program/environment.ts";
import type { InfraConfig } from "../stack/config.ts";
import { readVariables } from "../terraform/credentials.ts";
import { refuse } from "../terraform/plan-refusals.ts";
import { readPlan, readTainted } from "../terraform/plan.ts";
import { synthesise } from "../terraform/synth.ts";
import { init, localState } from "../terraform/state.ts";
import { applyOptions } from "../stack/statements.ts";
import { previewStatements, reportStatementsFailure } from "../operations/statements.ts";
import { terraform } from "../terraform/terraform.ts";

const declaration = {
  usage: `
npm run deploy [-- --plan] [--yes] [--start-again] [--replace-statements] [--replace ADDRESS]… [--no-refresh]
npm run destroy [-- --plan] [--yes]`,
  lines: ["apply", "destroy"],
  own: 1,
  about: `
  deploy    Makes the environment that TAPELINE_ENVIRONMENT names match the files: shows what will change, asks, and does it.
            Before anything is changed it asks ksqlDB about changed statements, and ends if one is refused.
            After a failure, or Ctrl-C, the same command continues.
  destroy   Deletes it: shows what will be deleted, and asks.

If PROTECTION is on both refuse to delete what holds data, with nothing touched. To do it all the same: PROTECTION=off npm
run deploy, and then the command with PROTECTION=off.`,
  options: {
    plan: { doc: "Shows what would change, and changes nothing." },
    yes: { doc: "Does not ask, except for what --start-again is for." },
    "start-again": {
      of: ["apply"],
      doc: `If PROTECTION is on: agrees to what begins to read again, such as another ksqlDB cluster or another sink, which writes
        rows twice. What that does to the rows is shown first.`,
    },
    "replace-statements": {
      of: ["apply"],
      doc: `Drops the statements that ksqlDB cannot change in place, with what reads them, and recreates them when tables and
        schemas are in place.`,
    },
    replace: {
      of: ["apply"],
      form: anyText,
      isMany: true,
      doc: "Recreates this resource, such as a key that has leaked: SECURITY.md has the addresses.",
    },
    "no-refresh": {
      of: ["apply"],
      doc: "Plans by the state alone. For when the key that topics and schemas are read with is gone: SECURITY.md.",
    },
  },
  notes: "Credentials: see docs/deploy.md; from .env or the environment.",
  exits: { 1: "refused or failed" },
} as const;

/** What runs `npm run ksqldb -- apply`. */
const statementsAddress = "terraform_data.streaming-statements-apply";

/** In the stack's folder, while it runs: it holds secrets. */
const planFile = "tapeline.plan";

await command(declaration, async (values, [verb]) => {
  const { replace, "no-refresh": isBlind, "replace-statements": replaceStatements } = values;
  const mayStartAgain = values["start-again"];
  const environment = readEnvironment();
  const synthesis = synthesise(environment, verb === "destroy" ? "unchecked" : "checked");
  const variables = readVariables(environment, synthesis);
  const { dir, config } = synthesis;
  if (verb === "destroy" && config.isProtected)
    throw new UserError(
      `nothing was done: ${config.environment} holds data, and PROTECTION is on. To delete it all the same: PROTECTION=off npm run deploy, and then PROTECTION=off npm run destroy.`,
    );
  await init(synthesis, "talk");
  const began = Date.now();
  let isApplying = false;
  try {
    const what = [
      ...(verb === "destroy" ? ["-destroy"] : []),
      ...(isBlind ? ["-refresh=false"] : []),
      ...[...replace, ...(replaceStatements ? [statementsAddress] : [])].map((address) => `-replace=${address}`),
    ];
    if (verb === "apply") await untaint(dir, config.isProtected, values.plan);
    await terraform(dir, ["plan", "-input=false", `-out=${planFile}`, ...what], variables, "talk");
    const planned = await readPlan(dir, planFile);
    refuse(planned, replace, config.isProtected);
    const again = [
      ...planned.again,
      ...(planned.sendsStatements ? await previewStatements(dir, replaceStatements) : []),
    ];
    showAgain(again);
    if (values.plan || planned.isEmpty) return;
    if (config.isProtected && again.length > 0 && !mayStartAgain)
      if (values.yes || !(await agrees("Let that start again?")))
        throw new UserError(
          "nothing was done: what is listed above would start again, and PROTECTION is on. If it may, run this again with --start-again.",
        );
    const question = `${verb === "destroy" ? "Delete" : "Change"} the environment ${config.environment} as shown?`;
    if (!values.yes && !(await agrees(question))) throw new UserError("nothing was done.");
    isApplying = true;
    const options = replaceStatements ? { [applyOptions]: "--replace --yes" } : {};
    await terraform(dir, ["apply", "-input=false", planFile], { ...variables, ...options }, "talk");
    process.stderr.write(next(verb, config));
  } catch (error) {
    const fix = reportStatementsFailure(config, began);
    if (!isApplying || !(error instanceof UserError)) throw error;
    // The last line says what to do.
    const todo = [fix, "The same command again continues where this one stopped."].join(" ").trim();
    throw new UserError(`${error.message}\n${todo}`, { cause: error });
  } finally {
    rmSync(join(dir, planFile), { force: true });
  }
});

function showAgain(again: readonly string[]): void {
  if (again.length > 0) process.stderr.write(`\nThis starts again:${again.map((text) => `\n  ${text}`).join("")}\n`);
}

/** The next step. */
function next(verb: string | undefined, { prefix, stateBucket }: InfraConfig): string {
  if (verb === "apply")
    return "npm run env writes addresses and keys to .env; npm run status shows whether everything works.\n";
  const state = stateBucket === undefined ? `${localState(prefix)}.backup` : `old versions in ${stateBucket}`;
  return `Yours to delete: the keys in .env, and ${state}, with secrets that no longer open anything.\n`;
}

/**
 * Ctrl-C while a cluster is being created leaves it to be deleted and recreated, which its protection refuses for ever. It is
 * there, and is taken as it is.
 */
async function untaint(dir: string, isProtected: boolean, isPlan: boolean): Promise<void> {
  for (const address of await readTainted(dir, isProtected)) {
    process.stderr.write(
      `${address} was being created when the last run ended: npm run deploy takes it as it is${isPlan ? ", which this plan does not show" : ""}.\n`,
    );
    if (!isPlan) await terraform(dir, ["untaint", address], {}, "answer");
  }
}
