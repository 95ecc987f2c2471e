import { expect, it } from "vitest";
import { redact, secret } from "../../program/command.ts";
import { logTo } from "../../program/logger.ts";

it("takes a secret out of every text, as it is, in JSON and in a URL", () => {
  const known = secret('pa"ss/wo+rd==');
  for (const form of [
    known,
    JSON.stringify({ a: known }),
    `https://host/?k=${encodeURIComponent(known)}`,
    `<${known}${known}>`,
  ]) {
    expect(redact(form)).toContain("[secret]");
    for (const part of ["ss/wo", "ss%2Fwo"]) expect(redact(form)).not.toContain(part);
  }
});

it("writes no secret into the log, in the sentence or in its fields, on a terminal or off", () => {
  const known = secret("hunter2hunter2");
  for (const isTTY of [true, false]) {
    let written = "";
    const out = { isTTY, write: (text: string) => (written += text) } as unknown as NodeJS.WriteStream;
    logTo(out)("warn", `the exchange says: ${known}`, { key: known });
    expect(written).toContain("the exchange says: [secret]");
    expect(written).not.toContain(known);
  }
});
