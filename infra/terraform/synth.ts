/** From the environment to the folder with what Terraform is given. */
import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { App, type TerraformStack } from "cdktf";
import { UserError } from "../../program/command.ts";
import type { Environment } from "../../program/environment.ts";
import { errorsOf, findingText, lint } from "../../ksqldb/lint/lint.ts";
import { readScripts } from "../../ksqldb/statements.ts";
import { readTables } from "../../schemas/tables.ts";
import { checkProducts, readInfraConfig, type InfraConfig } from "../stack/config.ts";
import { TapelineStack } from "../stack/stack.ts";
import { policies } from "../policies/policies.ts";
import { requiredVersion } from "../stack/terraform-version.ts";

export interface Synthesis {
  readonly config: InfraConfig;
  /** The stack's folder, as seen from the working directory. */
  readonly dir: string;
}

/**
 * Writes the stack of the environment that the variables name. Throws UserError with all faults of the configuration, of the
 * statements and tables (a column that would be dropped, a table that would be recreated), or of the policies. Commands that only
 * query a deployed environment synthesise it `unchecked`, so that a statement that is being edited does not stop them.
 */
export function synthesise(environment: Environment, check: "checked" | "unchecked" = "checked"): Synthesis {
  const config = readInfraConfig(environment);
  if (check === "checked") checkProducts(environment, config);
  environment.check();
  const errors = check === "checked" ? errorsOf(lint(readScripts(), readTables())) : [];
  if (errors.length > 0) throw new UserError(faults("the statements or tables are wrong", errors.map(findingText)));
  return { config, dir: write((app) => checkedStack(app, config)) };
}

/** The stack, whose synthesis fails if it breaks a policy. */
export function checkedStack(app: App, config: InfraConfig): TapelineStack {
  const stack = new TapelineStack(app, config);
  stack.node.addValidation({ validate: () => policies(stack.toTerraform() as object, config) });
  return stack;
}

/** Writes the only stack of an app. Throws UserError with what its validations report. */
export function write(stackOf: (app: App) => TerraformStack): string {
  const app = new App({ stackTraces: false });
  const stack = stackOf(app);
  const dir = join(app.outdir, "stacks", stack.node.id);
  // Terraform's plans, and what it keeps of a state before some commands, hold secrets.
  mkdirSync(app.outdir, { recursive: true });
  chmodSync(app.outdir, 0o700);
  // Terraform reads both, and what stands in both stands there twice.
  for (const file of ["cdk.tf", "cdk.tf.json"]) rmSync(join(dir, file), { force: true });
  try {
    app.synth();
  } catch (error) {
    const [, told] = /Validation failed with the following errors:\n([^]*)$/.exec((error as Error).message) ?? [];
    if (told === undefined) throw error;
    throw new UserError(
      faults(
        "the stack breaks a policy",
        told.split("\n").flatMap((line) => (/skipValidation|^\s*$/.test(line) ? [] : line.trim())),
      ),
      { cause: error },
    );
  }
  const hcl = join(dir, "cdk.tf");
  if (!existsSync(hcl)) return dir;
  const broken = misquoted(stack.toTerraform() as object);
  if (broken.length > 0) {
    rmSync(hcl);
    throw new UserError(faults("HCL of it would be wrong", broken));
  }
  const [, version] = requiredVersion;
  // Of a text in the block of Terraform itself CDKTF writes the name alone.
  const text = readFileSync(hcl, "utf8").replace('0 = "required_version"', `required_version = "${version}"`);
  writeFileSync(hcl, corrected(text));
  return dir;
}

/**
 * CDKTF writes references and keywords of Terraform's own arguments as texts, which Terraform warns of, or refuses; and a line
 * break too many at the end of a text that has one.
 */
function corrected(hcl: string): string {
  const texts = /<<EOF\n[^]*?\nEOF$/;
  const own = /^\s*(?:(?:depends_on|replace_triggered_by) = \[[^\]]*\]|when = "destroy"|provider = "[\w.]+")$/;
  return hcl.replace(new RegExp(`${texts.source}|${own.source}`, "gm"), (found) =>
    found.startsWith("<<EOF") ? found.replace(/\n\nEOF$/, "\nEOF") : found.replaceAll('"', ""),
  );
}

/** Texts of one line that CDKTF writes without the quotes and backslashes in them being marked as theirs. */
function misquoted(body: object, path = ""): string[] {
  return Object.entries(body).flatMap(([name, value]: [string, unknown]) => {
    const place = `${path}${name}`;
    if (typeof value === "object" && value !== null) return misquoted(value, `${place}.`);
    if (typeof value !== "string" || value.includes("\n")) return [];
    const plain = value.replace(/(?<!\$)\$\{[^}]*\}/g, "");
    const isWrong = plain.includes("\\") || (plain.includes('"') && value.includes("${"));
    return isWrong ? `${place}: ${value}\n    CDKTF gets " and \\ wrong in it: write it without` : [];
  });
}

function faults(what: string, texts: readonly string[]): string {
  return `nothing was written, because ${what}:${texts.map((text) => `\n  ${text}`).join("")}`;
}
