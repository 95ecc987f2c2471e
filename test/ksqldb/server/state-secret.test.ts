/** The secret of a key, from a state that Terraform rewrites meanwhile. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it, vi } from "vitest";
import { secretOf } from "../../../ksqldb/server/state-secret.ts";
import { newFolder } from "../../folder.ts";

const state = JSON.stringify({
  resources: [{ type: "confluent_api_key", instances: [{ attributes: { id: "KEY", secret: "the secret" } }] }],
});

/** A Terraform that finds these states, one at each call. */
function terraform(...answers: readonly string[]): string {
  const dir = newFolder();
  for (const [i, answer] of answers.entries()) writeFileSync(join(dir, `${i}`), answer);
  const script = `#!/bin/sh
cd ${dir}
calls=$(cat calls 2>/dev/null || echo 0)
echo $((calls + 1)) > calls
[ "$(cat $calls)" != cut ] || exit 1
cat $calls
`;
  writeFileSync(join(dir, "terraform"), script, { mode: 0o755 });
  vi.stubEnv("TERRAFORM_BINARY_NAME", join(dir, "terraform"));
  return dir;
}

it.each([
  ["whole", [state], "the secret"],
  ["empty or cut off while it is written", ["", "cut", state], "the secret"],
  ["without the key", [state.replace("KEY", "OTHER")], undefined],
  ["not there", Array<string>(5).fill(""), null],
])("is read from a state that is %s", (_, answers, secret) => {
  expect(secretOf("KEY", terraform(...answers))).toBe(secret);
});

it("is not read from a state that stays unreadable", () => {
  const dir = terraform(...Array<string>(5).fill("cut"));
  expect(() => secretOf("KEY", dir)).toThrow(`cannot read the state of ${dir}`);
});
