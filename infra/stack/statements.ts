/**
 * The ksqlDB statements, for which there is no Terraform resource: `npm run ksqldb` compares what the server runs with the files.
 * There are two resources, because one with both provisioners would drop everything before each change: the first is updated
 * in place and drops the statements when it is destroyed; the second is replaced, and applies them, when a file changes.
 */
import { createHash } from "node:crypto";
import type { ITerraformDependable } from "cdktf";
import { Construct } from "constructs";
import { readScripts } from "../../ksqldb/statements.ts";
import type { Login } from "./identity.ts";
import type { InfraConfig } from "./config.ts";
import { TerraformData } from "../bindings/terraform-data.ts";

/** An environment variable of the Terraform process: further options for `npm run ksqldb -- apply`. */
export const applyOptions = "KSQLDB_APPLY_OPTIONS";

/** Names of the files that each run leaves in the project's folder: its log, and its report as JSON. */
export function statementsFiles({ environment }: Pick<InfraConfig, "environment">) {
  return { log: `ksqldb-${environment}.log`, report: `ksqldb-${environment}.json` };
}

export interface StatementsProps {
  /** Address of the ksqlDB cluster: the statements are dropped before it goes. */
  readonly cluster: string;
  /** The ksqlDB server and the registry that has the raw schemas. */
  readonly server: { readonly url: string; readonly login: Login };
  readonly registry: { readonly url: string; readonly login: Login };
  /** This project's folder, as seen from where Terraform runs. */
  readonly projectDir: string;
  /** Topics, schemas and rights on them: created before the statements, destroyed after them. */
  readonly needs: readonly ITerraformDependable[];
  readonly config: InfraConfig;
}

export class Statements extends Construct {
  readonly applied: TerraformData;

  constructor(scope: Construct, id: string, { cluster, server, registry, projectDir, needs, config }: StatementsProps) {
    super(scope, id);
    const files = statementsFiles(config);
    const run = (command: string) => `npm run --silent ksqldb -- ${command} > ${files.report} 2> ${files.log}`;
    const teardown = new TerraformData(this, "teardown", {
      // A destroy provisioner may refer to nothing but its own resource. No secret here: plans would show it.
      input: { url: server.url, key: server.login.key, dir: projectDir },
      // With another cluster this resource is replaced: the statements are dropped on the old one while it exists, together
      // with its internal topics, which nothing else would delete.
      lifecycle: { replaceTriggeredBy: [`${cluster}.id`] },
      dependsOn: [...needs],
      provisioners: [
        {
          type: "local-exec",
          when: "destroy",
          command: run('destroy --yes --state "$STACK"'),
          workingDir: "${self.input.dir}",
          environment: {
            KSQLDB_URL: "${self.input.url}",
            KSQLDB_API_KEY: "${self.input.key}",
            STACK: "${abspath(path.root)}",
          },
        },
      ],
    });
    this.applied = new TerraformData(this, "apply", {
      triggersReplace: { statements: digest(), url: server.url },
      dependsOn: [teardown],
      provisioners: [
        {
          type: "local-exec",
          // With --replace if npm run deploy has it: an option, not a change of the stack.
          command: run(`apply $${applyOptions}`),
          workingDir: projectDir,
          environment: {
            KSQLDB_URL: server.url,
            KSQLDB_API_KEY: server.login.key,
            KSQLDB_API_SECRET: server.login.secret,
            SCHEMA_REGISTRY_URL: registry.url,
            SCHEMA_REGISTRY_API_KEY: registry.login.key,
            SCHEMA_REGISTRY_API_SECRET: registry.login.secret,
          },
        },
      ],
    });
  }
}

/** Changes whenever a statement does. */
function digest(): string {
  const hash = createHash("sha256");
  for (const { file, text } of readScripts()) hash.update(`${file}\0${text}\0`);
  return hash.digest("hex");
}
