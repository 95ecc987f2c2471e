/** The credentials and the project, which no synthesised file holds: Terraform's variables, from the environment. */
import { readFileSync, statSync } from "node:fs";
import { secret, shownPath } from "../../program/command.ts";
import type { Environment, Settings } from "../../program/environment.ts";
import { anyText, secretText } from "../../program/forms.ts";
import { parseJson } from "../../program/json.ts";
import { infraVariables } from "../stack/config.ts";
import type { Synthesis } from "./synth.ts";
import type { Variables } from "./terraform.ts";

export const credentialVariables = {
  CONFLUENT_CLOUD_API_KEY: {
    form: anyText,
    doc: "A Cloud API key (not one of a cluster), of an account with OrganizationAdmin: confluent.cloud, API keys.",
  },
  CONFLUENT_CLOUD_API_SECRET: { form: secretText, doc: "The key's secret." },
  SINK_KEY_FILE: {
    form: anyText,
    doc: "With SINK_KEY=given: a file with the JSON key of the account that writes; it gets the right to.",
  },
} as const;

/**
 * Terraform's variables by their names. One that is set as TF_VAR_… wins. What is missing is a fault of the environment.
 */
export function readVariables(environment: Environment, { config }: Synthesis): Variables {
  const read = (variable: string, settings: Settings, name: string): [string, string] => {
    const text = process.env[`TF_VAR_${variable}`] || environment.required(settings, name);
    return [`TF_VAR_${variable}`, settings[name]!.form === secretText ? secret(text) : text];
  };
  const given = config.sink.key === "given" ? [["TF_VAR_google_sink_key", readGivenKey(environment)] as const] : [];
  const variables = Object.fromEntries([
    read("google_project", infraVariables, "GOOGLE_PROJECT"),
    read("confluent_cloud_api_key", credentialVariables, "CONFLUENT_CLOUD_API_KEY"),
    read("confluent_cloud_api_secret", credentialVariables, "CONFLUENT_CLOUD_API_SECRET"),
    ...given,
  ]) as Variables;
  environment.check();
  return variables;
}

/** The JSON key of a Google service account. Terraform would print one that it refuses. */
function readGivenKey(environment: Environment): string {
  const file = environment.text("SINK_KEY_FILE") ?? "";
  const own = process.env["TF_VAR_google_sink_key"];
  const fault = own ? undefined : faultOfFile(file);
  const text = fault === undefined ? secret(own || readFileSync(file, "utf8")) : "";
  const key = parseJson(text);
  const isKey = ["client_email", "private_key"].every((name) => typeof key?.[name] === "string");
  if (fault !== undefined) environment.fault(fault);
  else if (!isKey)
    environment.fault(
      `${own ? "TF_VAR_google_sink_key" : `SINK_KEY_FILE (${file})`} is not a JSON key of a Google service account, which has client_email and private_key`,
    );
  return text;
}

function faultOfFile(file: string): string | undefined {
  if (file === "") return "SINK_KEY_FILE is not set: with SINK_KEY=given, a file with the sink's Google key (JSON)";
  if (file.startsWith("{")) return "SINK_KEY_FILE holds the key itself: the path of a file with it is expected";
  if (statSync(file, { throwIfNoEntry: false })?.isFile() === true) return undefined;
  const hint = file.startsWith("~") ? "; ~ is not read as your home folder here: write it out" : "";
  return `SINK_KEY_FILE is ${shownPath(file)}: there is no such file${hint}`;
}
