/** A platform that an earlier commit deployed is taken over: `upgrade/` holds the stacks as that commit synthesised them. */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { expect, it } from "vitest";
import { actions, newPlatform } from "./deployed.ts";
import { describeTerraform } from "./fake/terraform.ts";

describeTerraform("a platform of an earlier commit", () => {
  it.each(["dev", "prod"] as const)(
    "in %s keeps every resource, and every statement runs on, when this one is deployed",
    async (name) => {
      const { clone, ksqldb, terraform } = await newPlatform({ TAPELINE_ENVIRONMENT: name });
      const [dir, frozen] = [clone.stackDir(name), join(import.meta.dirname, "upgrade", `${name}.cdk.tf.json.gz`)];
      mkdirSync(dir, { recursive: true });
      writeFileSync(join(dir, "cdk.tf.json"), gunzipSync(readFileSync(frozen)));
      await terraform.init();
      const { code, output } = await terraform.apply();
      expect(output).toContain("Apply complete!");
      expect(code).toBe(0);
      const queries = [...ksqldb.state.queries.keys()];
      expect(queries).toHaveLength(4);

      expect((await clone.run(["synth"])).code).toBe(0);
      // A view's or function's text may change in place, as its comments do.
      const isText = (action: string) => /^update google_bigquery_\w+\.warehouse-objects-/.test(action);
      expect(actions(await terraform.plan()).filter((action) => !isText(action))).toEqual([]);

      const deploy = await clone.run(["deploy", "--", "--yes"]);
      expect([deploy.code, deploy.output]).toEqual([0, expect.not.stringContaining("starts again")]);
      expect([...ksqldb.state.queries.keys()]).toEqual(queries);
    },
  );
});
