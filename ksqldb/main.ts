/** `npm run ksqldb`: the statements as code. */
import { readFileSync, writeFileSync } from "node:fs";
import { parseCommand, runCommand, UsageError, UserError } from "../command.ts";
import { lockFile } from "../schemas/tables.ts";
import { recordTypes } from "../schemas/generate-records.ts";
import { describeTables, disagreements, lockText } from "./describe.ts";
import { readStatements } from "./statements.ts";

const help = `npm run ksqldb -- describe [--write]

  describe   Reads ksqldb/*.sql and schemas/*.avsc and prints the shape of every table, as JSON. Exits 1 if the
             committed files differ: schemas/tables.lock.json and schemas/records.ts.
  --write    Writes those files.
`;

await runCommand(async () => {
  const { values, positionals } = parseCommand({ write: { type: "boolean" } });
  if (values.help) return void process.stdout.write(help);
  if (positionals.length !== 1 || positionals[0] !== "describe") throw new UsageError(help);

  const statements = readStatements();
  const faults = disagreements(statements);
  if (faults.length > 0) throw new UserError(faults.join("\n"));
  const files = [
    { file: lockFile, text: lockText(describeTables(statements.plans)) },
    { file: new URL("../schemas/records.ts", import.meta.url), text: recordTypes() },
  ];
  process.stdout.write(files[0]!.text);
  if (values.write) for (const { file, text } of files) writeFileSync(file, text);
  else if (files.some(({ file, text }) => readFileSync(file, "utf8") !== text)) {
    throw new UserError(
      "The committed shapes differ from the schemas and statements: run with --write and look at the difference.",
    );
  }
});
