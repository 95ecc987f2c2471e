/** No secret is in plain text, or shown. */
import { textOf, type Body, type Rule, type Told } from "./rule.ts";

const isReference = (value: unknown) => /^\$\{[^}]+\}$/.test(textOf(value));

/** Arguments that are secrets, wherever they stand. */
const secretNames = /^(secret|private_key|keyfile|password|.*[._](secret|password|private_key|api_key))$/;

/** The places in a body that hold a secret which is not a reference. */
export function writtenOut(body: Body): string[] {
  const found: string[] = [];
  const look = (value: unknown, name: string, path: string): void => {
    if (typeof value === "object" && value !== null)
      for (const [key, inner] of Object.entries(value)) look(inner, key, `${path}.${key}`);
    else if (
      /-----BEGIN [A-Z ]*PRIVATE KEY/.test(textOf(value)) ||
      (secretNames.test(name.toLowerCase()) && !isReference(value))
    )
      found.push(`${path.slice(1)} is a secret written out: give it as a sensitive variable`);
  };
  look(body, "", "");
  return found;
}

export const secrets: Rule = ({ type, body }) => {
  const plain = Object.keys((body["config_nonsensitive"] ?? {}) as Body).filter((name) => secretNames.test(name));
  // https://github.com/hashicorp/terraform/issues/35609
  const isShown = type === "terraform_data" && shows(JSON.stringify([body["input"], body["triggers_replace"]]));
  const commands = ((body["provisioner"] ?? []) as Body[]).map((one) => textOf((one["local-exec"] as Body)["command"]));
  return [
    ...writtenOut(body),
    ...plain.map((name) => `${name} belongs in config_sensitive`),
    isShown && "holds a secret, which every plan shows as its output",
    commands.some(shows) &&
      "has a secret in its command, which every user of the machine can read: pass it in the environment",
  ];
};

/** A secret comes from outside, whenever it is needed. */
export function unset({ default: given, sensitive, validation }: Body, name: string): Told {
  const isSecret = /(secret|_key)$/.test(name);
  return [
    isSecret && sensitive !== true && "is a secret: mark it sensitive",
    isSecret && validation !== undefined && "is a secret and has a validation, which prints what it refuses",
    isSecret && given !== undefined && "is a secret and has a default, which is written out",
  ];
}

/** An output of a secret that is not marked is printed by every apply. */
export function hidden({ value, sensitive }: Body): Told {
  return [shows(textOf(value)) && sensitive !== true && "shows a secret: mark it sensitive"];
}

/** Whether an expression has a secret of the stack in it. */
function shows(expression: string): boolean {
  return /\.(secret|private_key)\b|\bvar\.\w*(secret|_key)\b|\bconfluent_api_key\.[\w-]+\}/.test(expression);
}
