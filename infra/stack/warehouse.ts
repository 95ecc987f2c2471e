/** BigQuery: the dataset with its tables, views and table functions, and who may write and read them. */
import { BigqueryDataset } from "@cdktf/provider-google/lib/bigquery-dataset/index.js";
import { BigqueryDatasetIamMember } from "@cdktf/provider-google/lib/bigquery-dataset-iam-member/index.js";
import { BigqueryRoutine } from "@cdktf/provider-google/lib/bigquery-routine/index.js";
import { BigqueryTable } from "@cdktf/provider-google/lib/bigquery-table/index.js";
import { ProjectIamCustomRole } from "@cdktf/provider-google/lib/project-iam-custom-role/index.js";
import { ProjectIamMember } from "@cdktf/provider-google/lib/project-iam-member/index.js";
import type { ProjectService } from "@cdktf/provider-google/lib/project-service/index.js";
import { ServiceAccount } from "@cdktf/provider-google/lib/service-account/index.js";
import { ServiceAccountKey } from "@cdktf/provider-google/lib/service-account-key/index.js";
import { Fn, TerraformLocal, type ITerraformDependable, type TerraformResourceLifecycle } from "cdktf";
import { Construct } from "constructs";
import { UserError } from "../../program/command.ts";
import type { TableShape } from "../../schemas/tables.ts";
import { keptObjects, qualify, type SqlObject } from "../../sql/objects.ts";
import type { ScheduledQuery } from "../../sql/scheduled.ts";
import type { InfraConfig } from "./config.ts";
import { enable } from "./google-service.ts";
import { ScheduledQueries } from "./scheduled-queries.ts";
import { TerraformData } from "../bindings/terraform-data.ts";
import { literal } from "./literal-text.ts";

export interface WarehouseProps {
  readonly config: InfraConfig;
  /** Id of the Google Cloud project. */
  readonly project: string;
  /** The JSON key of an existing account for the sink; undefined if account and key are created here. */
  readonly givenKey: string | undefined;
  readonly tables: readonly TableShape[];
  readonly objects: readonly SqlObject[];
  readonly scheduled: readonly ScheduledQuery[];
}

const day = 86_400_000;

/**
 * What Confluent asks for the sink's account. The roles of Google that have it, dataEditor and above, may delete tables too.
 * https://docs.confluent.io/cloud/current/connectors/cc-gcp-bigquery-storage-sink.html
 */
const sinkPermissions = [
  "bigquery.datasets.get",
  "bigquery.tables.create",
  "bigquery.tables.get",
  "bigquery.tables.getData",
  "bigquery.tables.list",
  "bigquery.tables.update",
  "bigquery.tables.updateData",
];

export class Warehouse extends Construct {
  /** The services that everything in the project needs. */
  readonly enabled: readonly ProjectService[];
  readonly dataset: BigqueryDataset;
  readonly tables: ReadonlyMap<string, BigqueryTable>;
  /** Names of views and table functions that are there: those whose tables are. */
  readonly objects: readonly string[];
  /** The account that writes the tables, and its key as JSON. */
  readonly sink: { readonly email: string; readonly key: string };
  /** What must be there before the sink's first row. */
  readonly sinkNeeds: readonly ITerraformDependable[];

  readonly #props: WarehouseProps;
  readonly #labels: Readonly<Record<string, string>>;
  readonly #lifecycle: TerraformResourceLifecycle;
  /** For what must be recreated with a dataset that moves to another location, where its name is the same. */
  readonly #withDataset: TerraformResourceLifecycle;
  /** Of what is there, by name: references, so that Terraform makes first what is read. */
  readonly #ids = new Map<string, string>();

  constructor(scope: Construct, id: string, props: WarehouseProps) {
    super(scope, id);
    this.#props = props;
    const { config, project } = props;
    const { prefix } = config;
    this.#labels = { app: "tapeline", environment: config.environment };
    this.#lifecycle = { preventDestroy: config.isProtected };

    const services = new Construct(this, "services");
    const enabled = ["bigquery", "bigquerystorage", "cloudresourcemanager", "iam"].map((name) =>
      enable(services, project, name),
    );
    this.enabled = enabled;
    this.dataset = new BigqueryDataset(this, "dataset", {
      project,
      datasetId: prefix.replaceAll("-", "_"),
      description:
        "The Coinbase tape: tables as the sink writes them, and the views and functions to read them through",
      location: config.region,
      labels: this.#labels,
      deleteContentsOnDestroy: !config.isProtected,
      lifecycle: this.#lifecycle,
      dependsOn: enabled,
    });
    const { terraformResourceType: type, friendlyUniqueId: name } = this.dataset;
    this.#withDataset = { replaceTriggeredBy: [`${type}.${name}.location`] };
    this.tables = this.#tables();
    for (const [table, { tableId }] of this.tables) this.#ids.set(table, tableId);
    this.objects = this.#objects();
    if (props.scheduled.length > 0)
      new ScheduledQueries(this, "scheduled", {
        config,
        project,
        datasetId: this.dataset.datasetId,
        withDataset: this.#withDataset,
        enabled,
        queries: props.scheduled.map((query) => ({
          ...query,
          body: this.#qualify({ ...query, file: `sql/scheduled/${query.name}.sql` }),
        })),
      });

    this.sink = props.givenKey === undefined ? this.#sinkAccount() : this.#givenAccount(props.givenKey);
    // Google reserves the id of a deleted role for a month, so a stack created after a destroy needs another one.
    // https://cloud.google.com/iam/docs/creating-custom-roles#deleting-custom-role
    const life = new TerraformData(this, "sink_role_life", {});
    const role = new ProjectIamCustomRole(this, "sink_role", {
      project,
      roleId: `${prefix.replaceAll("-", "_")}_sink_${Fn.substr(life.id, 0, 8)}`,
      title: `${prefix} sink`,
      description: "Writes rows, and may not delete a table",
      permissions: [...sinkPermissions],
      dependsOn: enabled,
    });
    const mayWrite = this.#allow("sink_writes", role.name, `serviceAccount:${this.sink.email}`);
    this.sinkNeeds = [mayWrite, ...this.tables.values()];

    const dashboards = this.#account("dashboards", "Reads Tapeline for Grafana and Data Studio");
    const analysts = config.analysts.map((member) => [idOf(member), member] as const);
    // Whoever reads needs the data, and the right to start a query, which is a project's.
    for (const [reader, member] of [["dashboards", dashboards.member] as const, ...analysts]) {
      this.#allow(`reads_${reader}`, "roles/bigquery.dataViewer", member);
      const jobUser = { project, role: "roles/bigquery.jobUser", member, dependsOn: enabled };
      new ProjectIamMember(this, `queries_${reader}`, jobUser);
    }
  }

  #tables(): Map<string, BigqueryTable> {
    const scope = new Construct(this, "tables");
    const { tables, config, project } = this.#props;
    const kept = tables.filter(({ name }) => config.tables.includes(name));
    return new Map(
      kept.map(({ name, description, columns, partitionBy, clusterBy }) => [
        name,
        new BigqueryTable(scope, name, {
          project,
          datasetId: this.dataset.datasetId,
          tableId: name,
          description: literal(description, `the description of ${name}`),
          schema: literal(JSON.stringify(columns, null, 2), `the description of a column of ${name}`),
          timePartitioning: {
            type: partitionBy.width,
            field: partitionBy.column,
            expirationMs: config.expirationDays[partitionBy.width] * day,
          },
          requirePartitionFilter: true,
          clustering: [...clusterBy],
          labels: this.#labels,
          deletionProtection: config.isProtected,
          // A column that is not here would be dropped with its data; with this BigQuery refuses.
          ignoreAutoGeneratedSchema: true,
          lifecycle: { ...this.#lifecycle, ...this.#withDataset },
        }),
      ]),
    );
  }

  /** Views and table functions, each after those that it reads. */
  #objects(): string[] {
    const scope = new Construct(this, "objects");
    const { project, objects } = this.#props;
    const kept = keptObjects(objects, [...this.#ids.keys()]);
    for (const object of kept) {
      const { name, kind, description } = object;
      const text = this.#qualify(object);
      const common = {
        project,
        datasetId: this.dataset.datasetId,
        description: literal(description, object.file),
        lifecycle: this.#withDataset,
      };
      if (kind === "view") {
        const view = new BigqueryTable(scope, name, {
          ...common,
          tableId: name,
          // Without `schema`: one would be altered as a table's is, which fails.
          view: { query: text, useLegacySql: false },
          labels: this.#labels,
          deletionProtection: false,
        });
        this.#ids.set(name, view.tableId);
        continue;
      }
      const routine = new BigqueryRoutine(scope, name, {
        ...common,
        routineId: name,
        routineType: "TABLE_VALUED_FUNCTION",
        language: "SQL",
        definitionBody: text,
        arguments: object.arguments.map((argument) => ({
          name: argument.name,
          argumentKind: "FIXED_TYPE",
          dataType: JSON.stringify({ typeKind: argument.type }),
        })),
      });
      this.#ids.set(name, routine.routineId);
    }
    return kept.map(({ name }) => name);
  }

  /** A body as BigQuery takes it: what it reads with project and dataset. Throws UserError on what is not kept here. */
  #qualify({ file, body }: Pick<SqlObject, "file" | "body">): string {
    const { config, tables, objects } = this.#props;
    const all = new Set([...tables, ...objects].map((one) => one.name));
    return qualify(`${literal(body.trim(), file)}\n`, (read) => {
      const id = this.#ids.get(read);
      if (id === undefined && all.has(read))
        throw new UserError(
          `${file} needs ${read}, which is not there: BIGQUERY_TABLES keeps ${config.tables.join(", ")}`,
        );
      return id && `\`${this.#props.project}.${this.dataset.datasetId}.${id}\``;
    });
  }

  #account(name: string, description: string): ServiceAccount {
    const { config, project } = this.#props;
    const dependsOn = [...this.enabled];
    const accountId = `${config.prefix}-${name}`;
    return new ServiceAccount(this, name, { project, accountId, displayName: accountId, description, dependsOn });
  }

  /** A role on this dataset only, beside those that others gave. */
  #allow(id: string, role: string, member: string): BigqueryDatasetIamMember {
    const { project } = this.#props;
    const { datasetId } = this.dataset;
    return new BigqueryDatasetIamMember(this, id, { project, datasetId, role, member, lifecycle: this.#withDataset });
  }

  #sinkAccount(): Warehouse["sink"] {
    const account = this.#account("sink", "Writes the tables of Tapeline");
    const keys = this.#props.config.keys.map(
      (number) => new ServiceAccountKey(this, `sink_key_${number}`, { serviceAccountId: account.name }),
    );
    return { email: account.email, key: Fn.base64decode(keys.at(-1)!.privateKey) };
  }

  /** An organisation that forbids making keys gives one, of an account that it made: whose, the key itself says. */
  #givenAccount(key: string): Warehouse["sink"] {
    const email = `\${nonsensitive(${Fn.lookup(Fn.jsondecode(key), "client_email")})}`;
    return { email: new TerraformLocal(this, "sink_email", email).asString, key };
  }
}

/** A member as part of a resource's name. */
function idOf(member: string): string {
  return member.replace(/[^a-zA-Z0-9]/g, (sign) => `_${sign.charCodeAt(0).toString(16)}_`);
}
