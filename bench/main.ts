/** `npm run bench`: everything that is measured. Each prints a table, then one last line of JSON with the figures. */
import { parseCommand, runCommand, UsageError } from "../command.ts";
import { benchLocal } from "./local.ts";

const benches: Record<string, () => Promise<object>> = { local: benchLocal };

const help = `npm run bench [-- NAME]

  local   Frames of the full channel from memory to rows in DuckDB.
`;

await runCommand(async () => {
  const { values, positionals } = parseCommand({});
  if (values.help) return void process.stdout.write(help);
  const unknown = positionals.find((name) => !(name in benches));
  if (unknown !== undefined) throw new UsageError(`there is no benchmark ${unknown}\n${help}`);
  for (const name of positionals.length > 0 ? positionals : Object.keys(benches)) {
    process.stdout.write(`${JSON.stringify({ bench: name, ...(await benches[name]!()) })}\n`);
  }
});
