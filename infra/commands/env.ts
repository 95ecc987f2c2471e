/** `npm run env`: what programs must know of a deployed environment, from Terraform's outputs into `.env`. */
import { existsSync, readFileSync } from "node:fs";
import { parseEnv } from "node:util";
import { UserError } from "../../program/command.ts";
import { command } from "../../program/command-line.ts";
import { knownVariables, readEnvironment } from "../../program/environment.ts";
import { replaceFile } from "../../program/state-file.ts";
import { synthesise } from "../terraform/synth.ts";
import { readOutputs } from "../terraform/state.ts";

const usage = `
npm run env

Writes addresses and keys of the deployed environment into .env, readable by you only: for npm run producer, tail and
ksqldb. Other lines of the file stay as they are. Prints the other outputs: addresses of consoles, names.`;

await command({ usage, options: {} }, async () => {
  const synthesis = synthesise(readEnvironment(), "unchecked");
  const outputs = await readOutputs(synthesis);
  const known = knownVariables();
  // Of which environment they are: deploy and status must not speak of another than the producer.
  const variables = new Map([["TAPELINE_ENVIRONMENT", synthesis.config.environment as string]]);
  for (const [output, value] of outputs) {
    const name = output.toUpperCase();
    if (known.includes(name)) variables.set(name, value);
    else process.stdout.write(`${output} ${value}\n`);
  }
  const text = existsSync(".env") ? readFileSync(".env", "utf8") : "";
  const changed = withVariables(text, variables);
  const [before, after] = [parseEnv(text), parseEnv(changed)];
  const all = Object.keys({ ...before, ...after });
  const damaged = all.find((name) => after[name] !== (variables.get(name) ?? before[name]));
  if (damaged !== undefined)
    throw new UserError(
      `.env was not changed: ${damaged} would be damaged, because a value in it spans several lines. Write each value in one line.`,
    );
  // Whole or not at all, and never readable by others.
  replaceFile(".env", changed, 0o600);
  process.stderr.write(`.env has ${[...variables.keys()].join(", ")}\n`);
});

/** A file of variables with others set: in their lines, or at the end. */
function withVariables(text: string, variables: ReadonlyMap<string, string>): string {
  const rest = new Map(variables);
  const lines = text.split("\n").map((line) => {
    const name = /^\s*(?:export\s+)?([A-Z][A-Z0-9_]*)\s*=/.exec(line)?.[1];
    const value = name === undefined ? undefined : variables.get(name);
    if (value === undefined) return line;
    rest.delete(name!);
    return lineOf(name!, value);
  });
  const kept = lines.join("\n").replace(/\n*$/, "");
  const added = [...rest].map(([name, value]) => lineOf(name, value));
  return [...(kept === "" ? [] : [kept]), ...added, ""].join("\n");
}

/** In quotes if the text could be read differently. */
function lineOf(name: string, value: string): string {
  return /^[\w.:/+=,-]*$/.test(value) ? `${name}=${value}` : `${name}='${value}'`;
}
