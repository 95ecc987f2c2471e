/**
 * What real systems said, read in place and never copied: folders that the environment names. A test that needs one is
 * skipped by name where the variable is not set.
 */
import { describe, it } from "vitest";

type Suite = (folder: string) => void;

function suiteWith(variable: string) {
  const folder = process.env[variable];
  return (name: string, suite: Suite): void => {
    if (folder === undefined) it.skip(`${name} (${variable} is not set)`);
    else describe(name, () => suite(folder));
  };
}

/** Recorded frames of the exchange. */
export const describeRecordings = suiteWith("TAPELINE_RECORDINGS");
/** Statements with the output of a real ksqlDB. */
export const describeOracle = suiteWith("TAPELINE_KSQL_ORACLE");
/** ksqlDB's own query translation tests. */
export const describeQtt = suiteWith("TAPELINE_QTT");
/** Schemas that real Terraform providers printed. */
export const describeProviders = suiteWith("TAPELINE_PROVIDERS");
