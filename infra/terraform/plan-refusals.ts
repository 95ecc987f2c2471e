/** What is refused although Terraform has planned it. */
import { UserError } from "../../program/command.ts";
import type { Planned } from "./plan.ts";

/**
 * Throws UserError on a plan that Terraform itself would carry out, or would fail in the middle of. Prints which data is deleted if
 * that is allowed.
 */
export function refuse(
  { lost, locked, grown, exchanged, addresses }: Planned,
  replace: readonly string[],
  isProtected: boolean,
): void {
  const unknown = replace.find((address) => !addresses.includes(address));
  if (unknown !== undefined) {
    const alike = addresses.filter((address) => address.split(".")[0] === unknown.split(".")[0]).join(", ");
    throw new UserError(
      `--replace ${unknown}: there is no such resource, and nothing was done.${alike && ` There are ${alike}.`}`,
    );
  }
  const refuseAll = (texts: readonly string[], why: string, fix: string) => {
    if (texts.length > 0) throw new UserError(`nothing was done: ${why}:${list(texts)}\n${fix}`);
  };
  // It cannot be reverted: a topic never loses a partition.
  refuseAll(
    grown,
    "these would get more partitions, which no running statement follows, and products would continue in a partition different from the one they began in",
    "Revert it. A platform with more is created from scratch: after npm run destroy, or beside this one (TAPELINE_NAME).",
  );
  refuseAll(
    exchanged,
    "Terraform reads topics and schemas with these keys, and would be left without them if this run ended early",
    "Rotate them in two runs, by KEYS: first both numbers, the new one last (SECURITY.md).",
  );
  if (lost.length === 0) return;
  // `prevent_destroy` ends with the resource that it stands on: what is taken out of the files is not protected by it.
  if (isProtected)
    refuseAll(
      lost,
      "this would delete data, and PROTECTION is on",
      "Revert the change, or add to the files what was changed by hand. Or, to do it all the same: PROTECTION=off npm run deploy without the change, and then with it.",
    );
  // The services' own protections speak last, when half of the rest is gone.
  refuseAll(
    locked,
    "these are still protected",
    "Run PROTECTION=off npm run deploy first, as it was deployed, and then this again with PROTECTION=off.",
  );
  process.stderr.write(`\nThis deletes data:${list(lost)}\n`);
}

const list = (texts: readonly string[]) => texts.map((text) => `\n  ${text}`).join("");
