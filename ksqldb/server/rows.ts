/** What a query that starts now means for the rows of what it writes. */
import { catalog } from "../../schemas/catalog.ts";
import type { Desired } from "./desired.ts";
import type { PlanOptions } from "./plan.ts";

/** `again`: after another query has written them. */
export function rowsOf({ ast, reads, topic }: Desired, { from, deleteTopics }: PlanOptions, again: boolean): string[] {
  if (ast.kind === "create") return [];
  const source = reads!.toLowerCase();
  const isWindowed = ast.query.window !== null;
  if (from === "latest") {
    if (!again) return [`reads what comes into ${source} from now on`];
    const missing = `reads what comes into ${source} from its start on: what comes between the drop and that is missing in ${topic}`;
    return isWindowed ? [missing, "windows that are open now start again at zero"] : [missing];
  }
  const kept = catalog.find(({ name }) => name === source)?.retentionMs;
  const days = kept === undefined ? "" : ` (${kept / 86_400_000} days, says the catalogue)`;
  if (!again || deleteTopics) return [`reads all that is still in ${source}${days}`];
  const twice = `reads all that is still in ${source}${days} again: those rows come twice into ${topic} and what it is sunk into; the row views fold those that are as before, but where a row means something else now, empty the table or take a new name`;
  return isWindowed ? [twice, "a window of which records are gone by now comes out smaller"] : [twice];
}
