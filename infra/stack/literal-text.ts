import { UserError } from "../../program/command.ts";

/**
 * A text as Terraform takes it literally: what would begin a directive of its templates is doubled. Throws UserError on what
 * would begin an expression: CDKTF undoes the doubling. `place` is where it is written.
 */
export function literal(text: string, place: string): string {
  if (text.includes("${"))
    throw new UserError(
      `${place} has \${ in it, which Terraform takes for its own: write it apart, in SQL as CONCAT('$', '{')`,
    );
  return text.replaceAll("%{", "%%{");
}
