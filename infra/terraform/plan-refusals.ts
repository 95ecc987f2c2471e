/** What is not done, though Terraform has planned it. */
import { UserError } from "../../program/command.ts";
import type { Planned } from "./plan.ts";

/**
 * Throws UserError on a plan of what Terraform itself lets pass, or finds out when the rest is gone. Tells which data goes
 * where it may.
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
  const list = (texts: readonly string[]) => texts.map((text) => `\n  ${text}`).join("");
  // It can not be taken back: a topic never loses a partition again.
  if (grown.length > 0)
    throw new UserError(
      `nothing was done: these would get more partitions, which no running statement follows, and products would go on in another partition than they began in:${list(grown)}\nTake it back. A platform with more is made from nothing: after npm run destroy, or beside this one (TAPELINE_NAME).`,
    );
  if (exchanged.length > 0)
    throw new UserError(
      `nothing was done: with these keys Terraform reads topics and schemas, and would be left without if this run ended early:${list(exchanged)}\nExchange them in two runs, by KEYS: first both numbers, the one to be used last (SECURITY.md).`,
    );
  if (lost.length === 0) return;
  // `prevent_destroy` ends with the resource that it stands on: what is taken out of the files is not protected by it.
  if (isProtected)
    throw new UserError(
      `nothing was done: this would delete data, and PROTECTION is on:${list(lost)}\nTake the change back, or write down in the files what somebody changed by hand. Or, to do it all the same: PROTECTION=off npm run deploy without the change, and then with it.`,
    );
  // The services' own protections speak last, when half of the rest is gone.
  if (locked.length > 0)
    throw new UserError(
      `nothing was done: these are still protected:${list(locked)}\nRun PROTECTION=off npm run deploy first, as it was deployed, and then this again with PROTECTION=off.`,
    );
  process.stderr.write(`\nThis deletes data:${list(lost)}\n`);
}
